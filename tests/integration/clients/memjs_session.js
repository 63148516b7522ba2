// A session of the npm package `memjs` over the binary protocol.
'use strict';
const assert = require('assert');
const path = require('path');
const {Client} = require(path.join(process.argv[4], 'node_modules', 'memjs'));

const server = `${process.argv[2]}:${process.argv[3]}`;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function work(cache) {
  const text = async (key) => {
    const {value} = await cache.get(key);
    return value === null ? null : value.toString('latin1');
  };
  assert(await cache.set('mj:a', 'text', {expires: 100}));
  assert.strictEqual(await text('mj:a'), 'text');
  const binary = Buffer.from([0, 13, 10, 255]);
  assert(await cache.set('mj:bin', binary, {}));
  assert.deepStrictEqual((await cache.get('mj:bin')).value, binary);
  assert.strictEqual(await cache.add('mj:a', 'x', {}), false);
  assert.strictEqual(await cache.add('mj:b', 'b', {}), true);
  assert.strictEqual(await cache.replace('mj:b', 'c', {}), true);
  assert.strictEqual(await cache.replace('mj:none', 'c', {}), false);
  assert(await cache.append('mj:b', 'd'));
  assert.strictEqual(await text('mj:b'), 'cd');
  assert.strictEqual(await text('mj:none'), null);
  const big = 'v'.repeat(1000000);
  assert(await cache.set('mj:big', big, {}));
  assert.strictEqual(await text('mj:big'), big);
  assert.strictEqual((await cache.increment('mj:n', 5, {initial: 10})).value, 10);
  assert.strictEqual((await cache.increment('mj:n', 5, {})).value, 15);
  assert.strictEqual((await cache.decrement('mj:n', 20, {})).value, 0);
  assert.strictEqual(await cache.delete('mj:a'), true);
  assert.strictEqual(await cache.delete('mj:a'), false);
  await cache.set('mj:soon', 'x', {expires: 1});
  await cache.set('mj:touched', 'x', {});
  assert(await cache.touch('mj:touched', 1));
  await sleep(2200);
  assert.strictEqual(await text('mj:soon'), null);
  assert.strictEqual(await text('mj:touched'), null);
  const stats = await new Promise((resolve, reject) => cache.stats(
    (error, _, found) => error ? reject(error) : resolve(found)));
  assert(Number(stats.cmd_set) > 0);
  await cache.flush();
  assert.strictEqual(await text('mj:b'), null);
}

async function main() {
  const options = {timeout: 10, conntimeout: 10, retries: 0};
  const cache = Client.create(server, options);
  await work(cache);
  cache.close();
  console.log('binary: set get add replace append incr touch delete expiry large stats flush');
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
