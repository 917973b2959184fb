// browser.mjs: a headless Chromium, driven over its own pipe (DevTools
// protocol): no library, no port.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATIENCE_MS = 30000;
const LOOK_MS = 50;
// Nothing is wider than its place.
const FITS = `[document.documentElement, ...document.querySelectorAll('.scroll')]
  .every((part) => part.scrollWidth <= part.clientWidth)`;

export class Browser {
  constructor(program) {
    this.folder = mkdtempSync(join(tmpdir(), 'page-test-'));
    this.process = spawn(program, ['--no-sandbox', '--disable-gpu',
      '--hide-scrollbars', '--remote-debugging-pipe',
      `--user-data-dir=${this.folder}`, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    this.calls = new Map();
    this.pages = new Map();
    this.last = 0;
    let pending = '';
    this.process.stdio[4].on('data', (data) => {
      const parts = (pending + data).split('\0');
      pending = parts.pop();
      parts.forEach((part) => this.receive(JSON.parse(part)));
    });
  }

  receive(message) {
    const call = this.calls.get(message.id);
    if (call) {
      this.calls.delete(message.id);
      message.error ? call.reject(new Error(message.error.message))
        : call.resolve(message.result);
    } else if (message.sessionId) {
      this.pages.get(message.sessionId)?.notice(message);
    }
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.last;
    const text = JSON.stringify({ id, method, params, sessionId });
    return new Promise((resolve, reject) => {
      this.calls.set(id, { resolve, reject });
      this.process.stdio[3].write(text + '\0');
    });
  }

  async open(url) {
    const { targetId } = await this.send('Target.createTarget',
      { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget',
      { targetId, flatten: true });
    const page = new Page(this, sessionId);
    this.pages.set(sessionId, page);
    for (const domain of ['Page', 'Runtime', 'Network', 'Log'])
      await page.send(domain + '.enable');
    await page.send('Page.navigate', { url });
    return page;
  }

  async close() {
    const ended = new Promise((resolve) => this.process.on('exit', resolve));
    // Killed at once it would leave processes that still write to the folder.
    this.send('Browser.close').catch(() => {});
    const late = setTimeout(() => this.process.kill('SIGKILL'), PATIENCE_MS);
    await ended;
    clearTimeout(late);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Page {
  constructor(browser, session) {
    this.browser = browser;
    this.session = session;
    this.urls = [];      // all that was asked for
    this.complaints = []; // exceptions, broken rules
  }

  send(method, params) {
    return this.browser.send(method, params, this.session);
  }

  notice({ method, params }) {
    if (method === 'Network.requestWillBeSent')
      this.urls.push(params.request.url);
    else if (method === 'Runtime.exceptionThrown')
      this.complaints.push(params.exceptionDetails.text);
    else if (method === 'Log.entryAdded' && params.entry.source !== 'network')
      this.complaints.push(params.entry.text);
  }

  async value(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate',
      { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(expression + ': ' +
      exceptionDetails.exception.description);
    return result.value;
  }

  text(id) {
    return this.value(`document.getElementById('${id}').innerText`);
  }

  // Wait until an element's text matches.
  async shows(id, pattern) {
    const end = Date.now() + PATIENCE_MS;
    let text = '';
    while (Date.now() < end) {
      text = await this.value(
        `document.getElementById('${id}')?.innerText ?? ''`);
      if (pattern.test(text)) return text;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    throw new Error(`#${id} shows "${text}", not ${pattern}`);
  }

  async look({ width, height, scheme, file }) {
    await this.send('Emulation.setDeviceMetricsOverride',
      { width, height, deviceScaleFactor: 1, mobile: width < 500 });
    await this.send('Emulation.setEmulatedMedia',
      { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    const { data } = await this.send('Page.captureScreenshot',
      { format: 'png' });
    if (file) writeFileSync(file, Buffer.from(data, 'base64'));
    return this.value(FITS);
  }

  // What a screen reader is given: "role: name" of each node.
  async heard() {
    const { nodes } = await this.send('Accessibility.getFullAXTree');
    return nodes.filter((node) => !node.ignored)
      .map((node) => `${node.role?.value}: ${node.name?.value ?? ''}`);
  }
}
