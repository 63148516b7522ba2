<?php
// A session of php-memcached, as Laravel, Symfony and WordPress use it; over the binary protocol
// if the third argument is `binary`.

function check($condition, $what) {
    if (!$condition) {
        fwrite(STDERR, "php: $what\n");
        exit(1);
    }
}

$cache = new Memcached();
$cache->setOption(Memcached::OPT_BINARY_PROTOCOL, ($argv[3] ?? '') === 'binary');
$cache->setOption(Memcached::OPT_TCP_NODELAY, true);
$cache->addServer($argv[1], (int)$argv[2]);

check($cache->set('php:a', 'text') && $cache->get('php:a') === 'text', 'set and get');
foreach ([1, 1.5, true, null, [1, ['x' => 2]], "\0\r\n\xff", ''] as $value) {
    check($cache->set('php:v', $value) && $cache->get('php:v') === $value, 'types');
}
check(!$cache->add('php:a', 'x'), 'add over an item');
$refusal = [Memcached::RES_NOTSTORED, Memcached::RES_DATA_EXISTS];  // in text, in binary
check(in_array($cache->getResultCode(), $refusal, true), 'the code of a refused add');
check($cache->add('php:b', 'x') && $cache->replace('php:b', 'b'), 'add and replace');
check(!$cache->replace('php:none', 'x'), 'replace of nothing');
$cache->setOption(Memcached::OPT_COMPRESSION, false);
check($cache->append('php:b', 'c') && $cache->prepend('php:b', 'a'), 'append and prepend');
check($cache->get('php:b') === 'abc', 'what append and prepend made');
check($cache->get('php:none') === false && $cache->getResultCode() === Memcached::RES_NOTFOUND, 'miss');
$big = str_repeat(random_bytes(1000), 900);
check($cache->set('php:big', $big) && $cache->get('php:big') === $big, 'a large value');

$got = $cache->get('php:b', null, Memcached::GET_EXTENDED);
check($got['value'] === 'abc' && $got['cas'] > 0, 'gets');
check($cache->cas($got['cas'], 'php:b', 'new'), 'cas');
check(!$cache->cas($got['cas'], 'php:b', 'late'), 'a late cas');
check($cache->getResultCode() === Memcached::RES_DATA_EXISTS, 'the code of a late cas');

$cache->set('php:n', 10);
check($cache->increment('php:n', 5) === 15 && $cache->decrement('php:n', 20) === 0, 'counting');
check($cache->increment('php:none') === false, 'counting nothing');

$values = [];
for ($n = 0; $n < 500; $n++) {
    $values["php:m$n"] = "v$n";
}
check($cache->setMulti($values), 'setMulti');
check($cache->getMulti(array_merge(array_keys($values), ['php:none'])) == $values, 'getMulti');
$extended = $cache->getMulti(['php:m1', 'php:m2'], Memcached::GET_EXTENDED);
check($extended['php:m2']['value'] === 'v2' && $extended['php:m2']['cas'] > 0, 'getMulti with CAS');
check($cache->getDelayed(['php:m3', 'php:m4'], true) && count($cache->fetchAll()) === 2, 'getDelayed');
foreach ($cache->deleteMulti(array_keys($values)) as $key => $result) {
    check($result === true, "deleteMulti of $key");
}
check($cache->getMulti(array_keys($values)) === [], 'what deleteMulti left');

check($cache->delete('php:a') && !$cache->delete('php:a'), 'delete');

$cache->set('php:soon', 'x', 1);
$cache->set('php:touched', 'x');
check($cache->touch('php:touched', 1), 'touch');
$cache->set('php:date', 'x', time() + 100);
sleep(2);
usleep(200000);
check($cache->get('php:soon') === false && $cache->get('php:touched') === false, 'expiry');
check($cache->get('php:date') === 'x', 'an absolute expiry');

check(preg_match('/^\d+\.\d+\.\d+$/', current($cache->getVersion())), 'version');
check(current($cache->getStats())['cmd_set'] > 0, 'stats');
check(is_array(current($cache->getStats('items'))), 'stats items');
check(current($cache->getStats('settings'))['maxbytes'] > 0, 'stats settings');
check($cache->flush() && $cache->get('php:date') === false, 'flush');
check($cache->flush(10), 'a delayed flush');
check($cache->flush(), 'the end of a delayed flush');

$quiet = new Memcached();
$quiet->setOption(Memcached::OPT_NOREPLY, true);
$quiet->addServer($argv[1], (int)$argv[2]);
$quiet->set('php:q', 'x');
$quiet->delete('php:none');
check($quiet->get('php:q') === 'x', 'noreply');

$buffered = new Memcached();
$buffered->setOption(Memcached::OPT_BUFFER_WRITES, true);
$buffered->addServer($argv[1], (int)$argv[2]);
for ($n = 0; $n < 100; $n++) {
    $buffered->set("php:w$n", "v$n");
}
check($buffered->get('php:w99') === 'v99', 'buffered writes');
$cache->quit();
echo "multi, delayed, extended, noreply and buffered\n";
