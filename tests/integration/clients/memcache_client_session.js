// A session of the npm package `memcache-client`.
'use strict';
const assert = require('assert');
const path = require('path');
const {MemcacheClient} = require(path.join(process.argv[4], 'node_modules', 'memcache-client'));

const server = {server: `${process.argv[2]}:${process.argv[3]}`, maxConnections: 4};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function main() {
  const cache = new MemcacheClient({server, cmdTimeout: 10000, compressor: null});
  const value = async (key) => {
    const found = await cache.get(key);
    return found && found.value;
  };
  for (const one of ['text', 'ü€', {list: [1, 2]}, Buffer.from([0, 13, 10, 255])]) {
    await cache.set('mc:a', one);
    assert.deepStrictEqual(await value('mc:a'), one);
  }
  await assert.rejects(cache.add('mc:a', 'x'));
  await cache.add('mc:b', 'b');
  await cache.replace('mc:b', 'c');
  await assert.rejects(cache.replace('mc:none', 'c'));
  await cache.append('mc:b', 'd');
  await cache.prepend('mc:b', 'b');
  assert.strictEqual(await value('mc:b'), 'bcd');
  assert.strictEqual(await value('mc:none'), undefined);
  const big = 'v'.repeat(1000000);
  await cache.set('mc:big', big);
  assert.strictEqual(await value('mc:big'), big);

  const {casUniq} = await cache.gets('mc:b');
  await cache.cas('mc:b', 'new', {casUniq});
  await assert.rejects(cache.cas('mc:b', 'late', {casUniq}));
  assert.strictEqual(await value('mc:b'), 'new');

  await cache.set('mc:n', '10');
  assert.strictEqual(Number(await cache.incr('mc:n', 5)), 15);
  assert.strictEqual(Number(await cache.decr('mc:n', 1)), 14);

  const keys = Array.from({length: 200}, (_, n) => `mc:m${n}`);
  await Promise.all(keys.map((key) => cache.set(key, key)));
  const found = await cache.get([...keys, 'mc:none']);
  assert.strictEqual(Object.keys(found).length, 200);
  assert.strictEqual(found['mc:m199'].value, 'mc:m199');

  await cache.delete('mc:a');
  assert.strictEqual(await value('mc:a'), undefined);
  await cache.set('mc:soon', 'x', {lifetime: 1});
  await cache.set('mc:touched', 'x', {lifetime: 100});
  await cache.touch('mc:touched', 1);
  await sleep(2200);
  assert.strictEqual(await value('mc:soon'), undefined);
  assert.strictEqual(await value('mc:touched'), undefined);
  assert.match((await cache.version())[1], /^\d+\.\d+\.\d+/);
  cache.shutdown();
  console.log('set get gets cas add replace append incr touch delete multi expiry large, pooled');
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
