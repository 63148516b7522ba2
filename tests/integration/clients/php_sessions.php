<?php
// PHP's sessions kept by php-memcached, as its handler: by default over the binary protocol.
// The handler locks a session with `add` and a short time to live, so the lock must be atomic.
function check(bool $condition, string $what): void
{
    if (!$condition) {
        fwrite(STDERR, "php sessions: $what\n");
        exit(1);
    }
}

foreach (['1', '0'] as $binary) {
    ini_set('session.save_handler', 'memcached');
    ini_set('session.save_path', "$argv[1]:$argv[2]");
    ini_set('session.use_cookies', '0');
    ini_set('session.cache_limiter', '');
    ini_set('memcached.sess_binary_protocol', $binary);
    ini_set('memcached.sess_locking', '1');
    ini_set('memcached.sess_lock_retries', '2');
    ini_set('memcached.sess_lock_wait_min', '50');
    ini_set('memcached.sess_lock_wait_max', '100');
    $id = "session$binary";
    session_id($id);
    check(session_start(), 'start');
    $_SESSION = ['user' => 42, 'text' => str_repeat("a\0\r\n", 10000)];

    // While it is open it is locked: another client cannot have the lock.
    $other = new Memcached();
    $other->addServer($argv[1], (int)$argv[2]);
    $lock = "memc.sess.key.lock.$id";
    check($other->get($lock) !== false && !$other->add($lock, '1', 30), 'the lock');
    session_write_close();
    check($other->get($lock) === false, 'the lock let go');

    $_SESSION = [];
    session_id($id);
    check(session_start() && $_SESSION['user'] === 42, 'reading back');
    check(strlen($_SESSION['text']) === 40000, 'reading all back');
    check(session_destroy(), 'destroy');
    check($other->get("memc.sess.key.$id") === false, 'what destroy left');
}
echo "sessions with locking, binary and text\n";
