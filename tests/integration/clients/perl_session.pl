# A session of libcache-memcached-perl. This client knows neither CAS nor touch.
use strict;
use warnings;
use Cache::Memcached;

my ($host, $port) = @ARGV;
my $cache = Cache::Memcached->new({servers => ["$host:$port"], compress_threshold => 10_000});

sub check {
    my ($condition, $what) = @_;
    die "perl: $what\n" unless $condition;
}

check($cache->set('pl:a', 'text') && $cache->get('pl:a') eq 'text', 'set and get');
check($cache->set('pl:ref', {list => [1, 2]}) && $cache->get('pl:ref')->{list}[1] == 2, 'a structure');
check(!$cache->add('pl:a', 'x') && $cache->add('pl:b', 'x'), 'add');
check($cache->replace('pl:b', 'b') && !$cache->replace('pl:none', 'x'), 'replace');
check($cache->append('pl:b', 'c') && $cache->prepend('pl:b', 'a'), 'append and prepend');
check($cache->get('pl:b') eq 'abc', 'what append and prepend made');
check(!defined $cache->get('pl:none'), 'miss');
my $big = join('', map { chr(rand 256) } 1 .. 100_000) x 9;
check($cache->set('pl:big', $big) && $cache->get('pl:big') eq $big, 'a large value');

$cache->set('pl:n', 10);
check($cache->incr('pl:n', 5) == 15 && $cache->decr('pl:n', 20) == 0, 'counting');
check(!$cache->incr('pl:none'), 'counting nothing');

$cache->set("pl:m$_", "v$_") for 0 .. 499;
my $many = $cache->get_multi((map { "pl:m$_" } 0 .. 499), 'pl:none');
check(keys(%$many) == 500 && $many->{'pl:m499'} eq 'v499', 'get_multi');

check($cache->delete('pl:a') && !$cache->delete('pl:a'), 'delete');

$cache->set('pl:soon', 'x', 1);
select(undef, undef, undef, 2.2);
check(!defined $cache->get('pl:soon'), 'expiry');

my $stats = $cache->stats(['misc', 'items', 'slabs', 'settings']);
check($stats->{hosts}{"$host:$port"}{misc}{cmd_set} > 0, 'stats');
check($cache->flush_all && !defined $cache->get('pl:b'), 'flush');
$cache->disconnect_all;
print "with structures and compression\n";
