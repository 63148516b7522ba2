// A session of the npm package `memcached`.
'use strict';
const assert = require('assert');
const path = require('path');
const util = require('util');
const Memcached = require(path.join(process.argv[4], 'node_modules', 'memcached'));

const server = `${process.argv[2]}:${process.argv[3]}`;
const cache = new Memcached(server, {timeout: 10000, retries: 0});
const call = (name, ...args) => util.promisify(cache[name]).apply(cache, args);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Outcomes like NOT_STORED arrive as errors or as false, depending on the command.
async function refused(name, ...args) {
  try {
    return (await call(name, ...args)) === false;
  } catch (error) {
    return true;
  }
}

async function storing() {
  assert.strictEqual(await call('set', 'js:a', 'text', 100), true);
  assert.strictEqual(await call('get', 'js:a'), 'text');
  for (const value of [7, 'ü€', '', {list: [1, 2]}, Buffer.from([0, 13, 10, 255])]) {
    await call('set', 'js:v', value, 100);
    assert.deepStrictEqual(await call('get', 'js:v'), value);
  }
  assert(await refused('add', 'js:a', 'x', 100));
  assert.strictEqual(await call('add', 'js:b', 'x', 100), true);
  assert.strictEqual(await call('replace', 'js:b', 'b', 100), true);
  assert(await refused('replace', 'js:none', 'x', 100));
  assert.strictEqual(await call('append', 'js:b', 'c'), true);
  assert.strictEqual(await call('prepend', 'js:b', 'a'), true);
  assert.strictEqual(await call('get', 'js:b'), 'abc');
  assert.strictEqual(await call('get', 'js:none'), undefined);
  const big = 'v'.repeat(1000000);
  await call('set', 'js:big', big, 100);
  assert.strictEqual(await call('get', 'js:big'), big);
}

async function casing() {
  const got = await call('gets', 'js:b');
  assert.strictEqual(got['js:b'], 'abc');
  assert.strictEqual(await call('cas', 'js:b', 'new', got.cas, 100), true);
  assert(await refused('cas', 'js:b', 'late', got.cas, 100));
  assert.strictEqual(await call('get', 'js:b'), 'new');
}

async function counting() {
  await call('set', 'js:n', 10, 100);
  assert.strictEqual(await call('incr', 'js:n', 5), 15);
  assert.strictEqual(await call('decr', 'js:n', 1), 14);
  assert(await refused('incr', 'js:none', 1));
}

async function multigetting() {
  const keys = [];
  for (let n = 0; n < 200; n++) {
    keys.push(`js:m${n}`);
    await call('set', `js:m${n}`, `v${n}`, 100);
  }
  const found = await call('getMulti', keys.concat('js:none'));
  assert.strictEqual(Object.keys(found).length, 200);
  assert.strictEqual(found['js:m199'], 'v199');
}

async function deletingAndExpiring() {
  assert.strictEqual(await call('del', 'js:a'), true);
  assert(await refused('del', 'js:a'));
  await call('set', 'js:soon', 'x', 1);
  await call('set', 'js:touched', 'x', 0);
  assert.strictEqual(await call('touch', 'js:touched', 1), true);
  await sleep(2200);
  assert.strictEqual(await call('get', 'js:soon'), undefined);
  assert.strictEqual(await call('get', 'js:touched'), undefined);
}

async function administering() {
  const [version] = await call('version');
  assert.strictEqual(typeof version.major, 'string');
  assert(Number.isInteger(Number(version.bugfix)), `bugfix is ${version.bugfix}`);
  const [stats] = await call('stats');
  assert(stats.cmd_set > 0);
  const [settings] = await call('settings');
  assert(settings.maxbytes > 0);
  await call('slabs');
  await call('items');
  await call('flush');
  assert.strictEqual(await call('get', 'js:b'), undefined);
}

async function main() {
  for (const part of [storing, casing, counting, multigetting, deletingAndExpiring, administering]) {
    await part();
  }
  cache.end();
  console.log('with numbers, buffers and objects');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
