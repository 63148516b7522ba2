# A session of ruby-dalli, alone and in threads: over the binary protocol or, if its third argument
# says so, over the meta commands.
require 'dalli'

def check(condition, what)
  abort "dalli: #{what}" unless condition
end

protocol = (ARGV[2] || 'binary').to_sym
cache = Dalli::Client.new("#{ARGV[0]}:#{ARGV[1]}", compress: true, value_max_bytes: 1_000_000,
                                                   protocol: protocol)
# Over meta Dalli 3.2.8 reads a value up to the first CR LF, whatever length was announced.
line_end = protocol == :meta ? "\n" : "\r\n"
['text', 7, nil, "\0#{line_end}\xFF".b, { 'list' => [1, 2] }].each do |value|
  check(cache.set('rb:a', value) && cache.get('rb:a') == value, "set and get of #{value.inspect}")
end
check(!cache.add('rb:a', 1) && cache.add('rb:b', 'b', 0, raw: true), 'add')
check(cache.append('rb:b', 'c') && cache.prepend('rb:b', 'a'), 'append and prepend')
check(cache.get('rb:b', raw: true) == 'abc', 'what append and prepend made')
cache.replace('rb:none', 'd')
check(cache.replace('rb:b', 'd') && cache.get('rb:none').nil?, 'replace')
big = Random.new(1).bytes(900_000).gsub("\r\n".b, line_end)
check(cache.set('rb:big', big, 0, raw: true) && cache.get('rb:big', raw: true) == big, 'large')

check(cache.cas('rb:b') { |value| "#{value}e" } && cache.get('rb:b') == 'de', 'cas')
late = cache.cas('rb:b') do
  cache.set('rb:b', 'meanwhile')
  'late'
end
check(!late && cache.get('rb:b') == 'meanwhile', 'a late cas')

check(cache.incr('rb:n', 5, 0, 10) == 10 && cache.incr('rb:n', 5) == 15, 'incr')
check(cache.decr('rb:n', 20).zero? && cache.incr('rb:none').nil?, 'decr')

cache.multi { 500.times { |n| cache.set("rb:m#{n}", "v#{n}") } }
keys = (0...500).map { |n| "rb:m#{n}" }
found = cache.get_multi(keys + ['rb:none'])
check(found.size == 500 && found['rb:m499'] == 'v499', 'get_multi')
cache.multi { keys.each { |key| cache.delete(key) } }
check(cache.get_multi(keys).empty?, 'quiet deletes')
check(cache.delete('rb:a') && !cache.delete('rb:a'), 'delete')

cache.set('rb:soon', 'x', 1)
cache.set('rb:touched', 'x')
cache.set('rb:fetched', 'x')
check(cache.touch('rb:touched', 1) && cache.gat('rb:fetched', 1) == 'x', 'touch and gat')
sleep 2.2
check(%w[soon touched fetched].all? { |key| cache.get("rb:#{key}").nil? }, 'expiry')
check(cache.fetch('rb:made') { 'made' } == 'made' && cache.get('rb:made') == 'made', 'fetch')

cache.set('rb:t', 0, 0, raw: true)
threads = (0...4).map { Thread.new { 100.times { cache.incr('rb:t') } } }
threads.each(&:join)
check(cache.get('rb:t', raw: true).to_i == 400, 'threads')

check(cache.version.values.first =~ /\A\d+\.\d+\.\d+/, 'version')
check(cache.stats.values.first['cmd_set'].to_i > 500, 'stats')
check(cache.stats(:settings).values.first['maxbytes'].to_i.positive?, 'stats settings')
check(cache.flush && cache.get('rb:b').nil?, 'flush')
cache.close
puts "dalli #{Dalli::VERSION} #{protocol}: set get cas add replace append incr delete touch gat multi expiry large"
