<?php
// A session of php-memcache, the older of PHP's two extensions.
function check(bool $condition, string $what): void
{
    if (!$condition) {
        fwrite(STDERR, "php-memcache: $what\n");
        exit(1);
    }
}

$cache = new Memcache();
check($cache->connect($argv[1], (int)$argv[2]), 'connect');
foreach (['text', 7, 1.5, true, '', "\0\r\n\xff", ['list' => [1, 2]]] as $value) {
    check($cache->set('pc:a', $value) && $cache->get('pc:a') === $value, 'set and get');
}
check(!$cache->add('pc:a', 'x') && $cache->add('pc:b', 'b'), 'add');
check($cache->replace('pc:b', 'c') && !@$cache->replace('pc:none', 'x'), 'replace');
check($cache->append('pc:b', 'd') && $cache->prepend('pc:b', 'b'), 'append and prepend');
check($cache->get('pc:b') === 'bcd' && $cache->get('pc:none') === false, 'get');
$big = random_bytes(900000);
check($cache->set('pc:big', $big) && $cache->get('pc:big') === $big, 'a large value');
$zipped = str_repeat('long ', 100000);
check($cache->set('pc:zip', $zipped, MEMCACHE_COMPRESSED), 'set, compressed');
check($cache->get('pc:zip') === $zipped, 'get, compressed');

$flags = false;
$cas = 0;
check($cache->get('pc:b', $flags, $cas) === 'bcd' && $cas > 0, 'gets');
check($cache->cas('pc:b', 'e', 0, 0, $cas) && !$cache->cas('pc:b', 'f', 0, 0, $cas), 'cas');

$cache->set('pc:n', 10);
check($cache->increment('pc:n', 5) === 15 && $cache->decrement('pc:n', 20) === 0, 'counting');
check(@$cache->increment('pc:none') === false, 'counting nothing');

$expected = [];
for ($n = 0; $n < 200; $n++) {
    $cache->set("pc:m$n", "v$n");
    $expected["pc:m$n"] = "v$n";
}
check($cache->get(array_merge(array_keys($expected), ['pc:none'])) == $expected, 'multiget');
check($cache->delete('pc:a') && !$cache->delete('pc:a'), 'delete');
$cache->set('pc:soon', 'x', 0, 1);
sleep(2);
usleep(200000);
check($cache->get('pc:soon') === false, 'expiry');
check($cache->getStats()['cmd_set'] > 200, 'stats');
check(preg_match('/^\d+\.\d+\.\d+/', $cache->getVersion()) === 1, 'version');
check($cache->flush() && $cache->get('pc:b') === false, 'flush');
$cache->close();

// A pool of two connections, one of them persistent.
$pool = new Memcache();
$pool->addServer($argv[1], (int)$argv[2]);
$pool->addServer($argv[1], (int)$argv[2], true);
for ($n = 0; $n < 50; $n++) {
    check($pool->set("pc:p$n", "v$n") && $pool->get("pc:p$n") === "v$n", 'the pool');
}
echo "set get gets cas add replace append incr delete multi expiry large compressed pool\n";
