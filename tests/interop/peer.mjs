// peer.mjs: a client of etcd3, the library of the npm registry, driven like
// peer.go. It finds the library in the folder PEER_MODULES.
//
//   peer [-ttl SECONDS] elect PREFIX VALUE   Election.campaign
//   peer [-ttl SECONDS] lock KEY             Lock
//   peer leader PREFIX                       Election.observe
//   peer version                             the library's
//
// Every PREFIX begins with election/, which the library puts there itself; the
// keys are PREFIX/LEASE. KEY is one key for all: who finds it there is refused
// by the library, and tries again here. elect and lock print "leading" once they
// lead; at SIGTERM they give their place back and end. leader prints the value
// of each leader until then. etcd is at ETCDCTL_ENDPOINTS.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const require = createRequire(`${process.env.PEER_MODULES}/`);
const { Etcd3, EtcdLockFailedError } = require('etcd3');
const PREFIX = 'election/';
const RETRY_MS = 20;
const told = new AbortController();
const end = new Promise(resolve => told.signal.onabort = resolve);

function fail(error) {
    console.error(`peer: ${error.message}`);
    process.exit(1);
}

function election(client, prefix, ttl) {
    if (!prefix.startsWith(PREFIX))
        throw new Error(`${prefix} does not begin with ${PREFIX}`);
    return client.election(prefix.slice(PREFIX.length), ttl);
}

async function elect(client, ttl, prefix, value) {
    const campaign = election(client, prefix, ttl).campaign(value);
    campaign.on('error', fail);
    campaign.on('elected', () => told.signal.aborted || console.log('leading'));
    await end;
    await campaign.resign();
}

async function lock(client, ttl, key) {
    while (!told.signal.aborted) {
        const one = client.lock(key).ttl(ttl);
        try {
            await one.acquire();
        } catch (error) {
            if (!(error instanceof EtcdLockFailedError)) throw error;
            await sleep(RETRY_MS);
            continue;
        }
        console.log('leading');
        await end;
        await one.release();
    }
}

async function leader(client, ttl, prefix) {
    const observer = await election(client, prefix, ttl).observe();
    const tell = value => value === undefined || console.log(value);
    observer.on('error', fail);
    observer.on('change', tell);
    tell(observer.leader());
    await end;
}

async function version() {
    console.log(require('etcd3/package.json').version);
}

const modes = {
    elect: [elect, 2], lock: [lock, 1], leader: [leader, 1],
    version: [version, 0],
};
const args = process.argv.slice(2);
const ttl = args[0] === '-ttl' ? Number(args.splice(0, 2)[1]) : 60;
const [mode, argumentsN] = modes[args.shift()] ?? [];
if (args.length !== argumentsN) {
    console.error('usage: peer [-ttl SECONDS] elect PREFIX VALUE | lock KEY' +
        ' | leader PREFIX | version');
    process.exit(64);
}
process.on('SIGTERM', () => told.abort());
const hosts = (process.env.ETCDCTL_ENDPOINTS ?? '').split(',');
const client = new Etcd3({ hosts });
mode(client, ttl, ...args).then(() => process.exit(0), fail);
