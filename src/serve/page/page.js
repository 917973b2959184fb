// page.js: shows what /events tells. Nothing of it is believed for longer than
// it is fresh: without news the page says at once that it is stale.
'use strict';

const SILENCE_MS = 2500;   // the server speaks once a second
const TICK_MS = 200;
const RETRY_MS = 3000;     // after the server has refused a stream
const byId = (id) => document.getElementById(id);

let state = null;          // the last message
let heardAt = 0;           // when it came, on performance.now()
let connected = false;
let source = null;

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

function seconds(ms) {
  return (Math.max(0, ms) / 1000).toFixed(1) + ' s';
}

function span(ms) {
  const s = Math.round(Math.max(0, ms) / 1000);
  if (s < 60) return s + ' s';
  if (s < 3600) return Math.floor(s / 60) + ' min ' + (s % 60) + ' s';
  return Math.floor(s / 3600) + ' h ' + Math.floor(s % 3600 / 60) + ' min';
}

function clock(ms) {
  return new Date(ms).toLocaleTimeString();
}

// ---- what is so ----

function viewHolds() {
  return state.view && state.view.known && !state.view.stale;
}

// Who leads: a name, '' for nobody, null for unknown.
function leader() {
  if (state.leading) return state.id;
  if (viewHolds()) return state.view.led ? state.view.leader : '';
  return state.leader;
}

// Why nothing here may be believed; '' when all is well.
function staleness(now) {
  if (!state) return connected ? '' : 'No connection to this candidate.';
  if (!connected)
    return 'Stale: the connection to this candidate is lost.';
  if (now - heardAt > SILENCE_MS)
    return 'Stale: nothing has been heard for ' + span(now - heardAt) + '.';
  const trouble = state.view && state.view.trouble;
  if (!state.in_touch || (state.view && state.view.known && state.view.stale))
    return 'Stale: etcd has not confirmed this' +
      (trouble ? ' (' + trouble + ').' : '.');
  if (trouble) return 'It may be otherwise by now: ' + trouble + '.';
  return '';
}

// Who holds the lock though nobody leads, such as etcdctl lock; '': nobody.
function holder() {
  return !state.leading && viewHolds() ? state.view.holder : '';
}

// How much lease time the leader has left, and of how much; null: unknown.
function lease(now) {
  const past = now - heardAt;
  if (state.leading) return { left: state.lead_ms - past, of: state.ttl_ms };
  const its = viewHolds() && state.view.led && state.view.lease !== '0'
    ? state.view.queue.find((lock) => lock.lease === state.view.lease) : null;
  if (!its || its.left_ms === null) return null;
  return { left: its.left_ms - past, of: its.ttl_ms || state.ttl_ms };
}

// ---- how it is shown ----

function cell(tag, text, className) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (tag === 'th') element.scope = 'row';
  if (className) element.className = className;
  return element;
}

function row(...cells) {
  const element = document.createElement('tr');
  element.append(...cells);
  return element;
}

function fill(id, rows) {
  byId(id).tBodies[0].replaceChildren(...rows);
}

function showLeader(stale) {
  const name = leader();
  const text = name === null ? 'It is not known who leads'
    : holder() ? holder() + (stale ? ' held' : ' holds') + ' the lock'
      : (name || 'Nobody') + (stale ? ' led when last heard of' : ' leads');
  setText('who', text);
  document.title = text + ' – ' + state.election;
  const token = state.leading ? state.token
    : viewHolds() && state.view.led ? state.view.token : null;
  setText('token', token && token !== '0' ? token : '–');
  const bars = state.timeline || [];
  const last = bars[bars.length - 1];
  setText('since', name && last && last.leader === name
    ? clock(Date.parse(last.from)) : '–');
}

function showQueue() {
  const queue = state.view ? state.view.queue : [];
  fill('queue', queue.map((lock, i) => row(
    cell('td', String(i + 1)),
    cell('th', lock.id + (lock.id === state.id ? ' (this one)' : '')),
    cell('td', lock.token),
    cell('td', lock.foreign ? 'not a candidate’s key'
      : lock.left_ms === null ? '–' : seconds(lock.left_ms),
    lock.foreign ? 'trouble' : ''))));
  const more = state.view ? state.view.queue_more : 0;
  setText('queue-note', !state.view ? 'It cannot be read.'
    : more > 0 ? 'and ' + more + ' more'
      : queue.length === 0 ? 'Nobody is in the queue.' : '');
}

function lane(name, bars, from, to) {
  const parts = bars.map((bar) => {
    const begin = Math.max(from, Date.parse(bar.from));
    const end = bar.until ? Date.parse(bar.until) : to;
    const part = document.createElement('span');
    part.style.left = 100 * (begin - from) / (to - from) + '%';
    part.style.width = 100 * Math.max(0, end - begin) / (to - from) + '%';
    part.title = clock(begin) + ' – ' + (bar.until ? clock(end) : 'now');
    return part;
  });
  const drawn = document.createElement('div');
  drawn.className = 'lane';
  drawn.setAttribute('aria-hidden', 'true');
  drawn.append(...parts);
  const told = cell('span', bars.map((bar) => clock(Date.parse(bar.from)) +
    ' to ' + (bar.until ? clock(Date.parse(bar.until)) : 'now')).join(', '),
  'unseen');
  const when = document.createElement('td');
  when.append(drawn, told);
  return row(cell('th', name), when);
}

function showTimeline() {
  const to = Date.parse(state.at);
  const bars = state.timeline || [];
  const from = bars.length > 0 ? Date.parse(bars[0].from) : to - 1000;
  const lanes = new Map();
  for (const bar of bars) {
    const key = bar.kind + ' ' + bar.leader;
    if (!lanes.has(key)) lanes.set(key, []);
    lanes.get(key).push(bar);
  }
  fill('timeline', [...lanes.values()].map((of) => {
    const kind = of[0].kind;
    const drawn = lane(kind === 'led' ? of[0].leader : kind, of, from,
      Math.max(to, from + 1000));
    drawn.className = kind === 'led' && of[0].leader === state.id ? 'mine'
      : kind;
    return drawn;
  }));
  setText('from', clock(from));
}

function showMembers() {
  const members = state.view ? state.view.members : [];
  fill('members', members.map((member) => {
    const name = cell('th', member.name || member.endpoint);
    if (member.trouble) {
      const trouble = cell('td', member.trouble, 'trouble');
      trouble.colSpan = 3;
      return row(name, trouble);
    }
    return row(name, cell('td', member.leads ? 'leads etcd' : 'follows'),
      cell('td', member.version || '–'),
      cell('td', member.version ? member.duration_ms + ' ms' : '–'));
  }));
}

function tick() {
  const now = performance.now();
  const why = staleness(now);
  const alarm = byId('alarm');
  setText('alarm', why);
  alarm.hidden = why === '';
  document.body.classList.toggle('stale', why !== '');
  if (!state) return;
  showLeader(why !== '');
  const time = why === '' ? lease(now) : null;
  setText('left', time ? seconds(time.left) : '–');
  const bar = byId('lease');
  const share = time ? Math.min(1, Math.max(0, time.left / time.of)) : 0;
  bar.firstElementChild.style.width = 100 * share + '%';
  bar.setAttribute('aria-valuemax', time ? Math.round(time.of / 1000) : 0);
  bar.setAttribute('aria-valuenow', time ? Math.round(share * time.of / 1000)
    : 0);
  setText('age', 'heard ' + seconds(now - heardAt) + ' ago;');
}

function show() {
  setText('election', state.election);
  setText('me', 'as candidate ' + state.id + ' sees it: ' + state.role);
  setText('version', 'candidate ' + state.version);
  showQueue();
  showTimeline();
  showMembers();
  tick();
}

// ---- the stream ----

function listen() {
  source = new EventSource('/events');
  source.onopen = () => { connected = true; tick(); };
  source.onmessage = (message) => {
    connected = true;
    heardAt = performance.now();
    state = JSON.parse(message.data);
    show();
  };
  source.onerror = () => {
    connected = false;
    tick();
    if (source.readyState === EventSource.CLOSED)
      setTimeout(listen, RETRY_MS);
  };
}

listen();
setInterval(tick, TICK_MS);
