// page.mjs: the page of --listen in a browser, while an election goes on: the
// lock of another program, a resignation, a crash, etcd gone and back. Run by scripts/page-test.sh.
// Usage: node page.mjs CHROMIUM CANDIDATE SCREENSHOT-FOLDER
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Browser } from './browser.mjs';

const [chromium, program, folder] = process.argv.slice(2);
const { ETCDCTL_ENDPOINTS: endpoints, WITH_ETCD_DIR: etcd } = process.env;
const running = [];

function candidate(id) {
  const child = spawn(program, ['--endpoints', endpoints, '--ttl', '10',
    '--listen', '0', id], { stdio: ['pipe', 'ignore', 'pipe'] });
  running.push(child);
  return new Promise((resolve, reject) => {
    let said = '';
    child.on('exit', () => reject(new Error(`${id} has ended: ${said}`)));
    child.stderr.on('data', (data) => {
      said += data;
      const found = /status at (\S+)/.exec(said);
      if (found) resolve({ child, url: `http://${found[1]}/` });
    });
  });
}

// Resolves when it holds the lock.
function etcdctlLock() {
  const child = spawn('etcdctl', ['lock', 'election_leader'],
    { stdio: ['ignore', 'pipe', 'ignore'] });
  running.push(child);
  return new Promise((resolve) =>
    child.stdout.once('data', () => resolve(child)));
}

function etcdGone() {
  process.kill(Number(readFileSync(join(etcd, 'pid'), 'utf8')), 'SIGKILL');
}

function etcdBack() {
  spawn('setsid', [join(etcd, 'start')], { stdio: 'ignore', detached: true })
    .unref();
}

async function step(name, play) {
  const begun = Date.now();
  await play();
  console.log(`ok ${name}, ${Date.now() - begun} ms`);
}

async function shots(page, name) {
  const looks = [
    { width: 1000, height: 900, scheme: 'light', file: `${name}-light` },
    { width: 1000, height: 900, scheme: 'dark', file: `${name}-dark` },
    { width: 360, height: 1100, scheme: 'dark', file: `${name}-phone` },
  ];
  for (const look of looks) {
    look.file = folder && join(folder, look.file + '.png');
    assert.ok(await page.look(look), `${name} is wider than ${look.width}`);
  }
}

async function play(browser) {
  const lock = await etcdctlLock();
  const a = await candidate('A');
  const ofA = await browser.open(a.url);
  let b, c, ofB, ofC;
  await step('another program', async () => {
    await ofA.shows('who', /^election_leader\/\w+ holds the lock$/);
    await ofA.shows('queue', /1\s+election_leader\/\w+\s+\d+[^]*2\s+A \(this/);
    await ofA.shows('left', /^–$/);
    await shots(ofA, 'held');
    lock.kill();
  });
  await step('one candidate', () => ofA.shows('who', /^A leads$/));
  await step('two candidates', async () => {
    b = await candidate('B <b>with a long name</b> ' + 'x'.repeat(60));
    ofB = await browser.open(b.url);
    await ofB.shows('who', /^A leads$/);
    await ofB.shows('queue', /1\s+A\s+\d+\s+[\d.]+ s[^]*2\s+B <b>with/);
    await ofB.shows('members', /leads etcd\s+3\.\d+\.\d+/);
    await ofB.shows('left', /^\d+\.\d s$/);
    await ofB.shows('me', /standby/);
    await ofA.shows('queue', /A \(this one\)/);
    await shots(ofB, 'two');
  });
  await step('a screen reader', async () => {
    const heard = await ofB.heard();
    for (const node of ['heading: Election leader', 'table: Queue',
      'table: Timeline', 'table: etcd', 'columnheader: Candidate',
      'progressbar: Lease time left'])
      assert.ok(heard.includes(node), `${node} is not in ${heard}`);
    assert.equal(await ofB.value("document.getElementById('who').ariaLive"),
      'polite');
  });
  await step('a resignation', async () => {
    a.child.removeAllListeners('exit');
    a.child.stdin.write('\n');
    await ofB.shows('who', /^B .* leads$/);
    await ofB.shows('timeline', /\bA\s[^]*B <b>with/);
    await ofB.shows('me', /: leader$/);
    await ofA.shows('alarm', /^Stale: the connection .* is lost/);
    // It may have heard of what followed, before it ended.
    assert.match(await ofA.text('who'),
      /^(A|B .*|Nobody) led when last heard of$/);
  });
  await step('a crash', async () => {
    c = await candidate('C');
    ofC = await browser.open(c.url);
    await ofC.shows('who', /^B .* leads$/);
    b.child.removeAllListeners('exit');
    b.child.kill('SIGKILL');
    await ofC.shows('who', /^C leads$/);
    await ofC.shows('alarm', /^$/);
  });
  await step('etcd gone', async () => {
    etcdGone();
    await ofC.shows('alarm', /^(Stale: etcd has not|It may be otherwise)/);
    await ofC.shows('alarm', /^Stale: etcd has not confirmed/);
    await ofC.shows('who', /^It is not known who leads$/);
    assert.doesNotMatch(await ofC.text('members'), /refused.* ms/);
    await shots(ofC, 'gone');
  });
  await step('etcd back', async () => {
    etcdBack();
    await ofC.shows('who', /^C leads$/);
    await ofC.shows('alarm', /^$/);
    await ofC.shows('timeline', /unknown/);
    await shots(ofC, 'back');
  });
  await step('silence', async () => {
    c.child.removeAllListeners('exit');
    c.child.kill('SIGSTOP');
    await ofC.shows('alarm', /^Stale: nothing has been heard for/);
    c.child.kill('SIGCONT');
    await ofC.shows('who', /^C leads$/);
  });
  for (const page of [ofA, ofB, ofC]) {
    assert.deepEqual(page.complaints, []);
    const origin = page.urls[0];
    for (const url of page.urls)
      assert.ok(url.startsWith(origin) || url === 'data:,', url);
  }
}

const browser = new Browser(chromium);
let failure = null;
try {
  await play(browser);
} catch (error) {
  failure = error;
}
await browser.close();
running.forEach((child) => child.kill('SIGKILL'));
if (failure) console.error(failure);
process.exit(failure ? 1 : 0); // whatever is still open
