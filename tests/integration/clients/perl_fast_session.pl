# A session of libcache-memcached-fast-perl: pipelined, with CAS, touch, gat and noreply.
use strict;
use warnings;
use Cache::Memcached::Fast;

my ($host, $port) = @ARGV;
my $cache = Cache::Memcached::Fast->new(
    {servers => ["$host:$port"], compress_threshold => 10_000, max_size => 1_000_000});

sub check {
    my ($condition, $what) = @_;
    die "perl fast: $what\n" unless $condition;
}

check($cache->set('pf:a', 'text') && $cache->get('pf:a') eq 'text', 'set and get');
check($cache->set('pf:ref', {list => [1, 2]}) && $cache->get('pf:ref')->{list}[1] == 2, 'a structure');
check(!$cache->add('pf:a', 'x') && $cache->add('pf:b', 'b'), 'add');
check($cache->replace('pf:b', 'b') && !$cache->replace('pf:none', 'x'), 'replace');
check($cache->append('pf:b', 'c') && $cache->prepend('pf:b', 'a'), 'append and prepend');
check($cache->get('pf:b') eq 'abc' && !defined $cache->get('pf:none'), 'get');
my $big = join('', map { chr(rand 256) } 1 .. 100_000) x 9;
check($cache->set('pf:big', $big) && $cache->get('pf:big') eq $big, 'a large value');

my $got = $cache->gets('pf:b');
check($got->[1] eq 'abc' && $cache->cas('pf:b', $got->[0], 'new'), 'cas');
check(!$cache->cas('pf:b', $got->[0], 'late') && $cache->get('pf:b') eq 'new', 'a late cas');

$cache->set('pf:n', 10);
check($cache->incr('pf:n', 5) == 15 && $cache->decr('pf:n', 20) == 0, 'counting');
check(!$cache->incr('pf:none'), 'counting nothing');

my $stored = $cache->set_multi(map { ["pf:m$_", "v$_"] } 0 .. 499);
check(keys(%$stored) == 500, 'set_multi');
my $many = $cache->get_multi((map { "pf:m$_" } 0 .. 499), 'pf:none');
check(keys(%$many) == 500 && $many->{'pf:m499'} eq 'v499', 'get_multi');
check(keys(%{$cache->gets_multi('pf:m1', 'pf:m2')}) == 2, 'gets_multi');
$cache->delete_multi(map { "pf:m$_" } 0 .. 499);
check(keys(%{$cache->get_multi(map { "pf:m$_" } 0 .. 499)}) == 0, 'delete_multi');

# In void context the client asks for no reply.
$cache->set('pf:quiet', 1);
$cache->incr('pf:quiet', 4);
$cache->delete('pf:none');
$cache->nowait_push;
check($cache->get('pf:quiet') == 5, 'noreply');

check($cache->delete('pf:a') && !$cache->delete('pf:a'), 'delete');
$cache->set('pf:soon', 'x', 1);
$cache->set('pf:touched', 'x');
check($cache->touch('pf:touched', 1), 'touch');
select(undef, undef, undef, 2.2);
check(!defined $cache->get('pf:soon') && !defined $cache->get('pf:touched'), 'expiry');
check((values %{$cache->server_versions})[0] =~ /^\d+\.\d+\.\d+/, 'version');
check((values %{$cache->flush_all})[0] && !defined $cache->get('pf:b'), 'flush');
$cache->disconnect_all;
print "set get gets cas add replace append incr delete touch multi noreply expiry large\n";
