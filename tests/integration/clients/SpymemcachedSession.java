// A session of libspymemcached-java, over the text and then the binary protocol.
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Future;
import net.spy.memcached.AddrUtil;
import net.spy.memcached.CASResponse;
import net.spy.memcached.CASValue;
import net.spy.memcached.ConnectionFactoryBuilder;
import net.spy.memcached.MemcachedClient;

public class SpymemcachedSession {
  static void check(boolean condition, String what) {
    if (!condition) {
      System.err.println("spymemcached: " + what);
      System.exit(1);
    }
  }

  static boolean yes(Future<Boolean> outcome) throws Exception {
    return outcome.get();
  }

  static void storing(MemcachedClient cache) throws Exception {
    check(yes(cache.set("jv:a", 100, "text")) && cache.get("jv:a").equals("text"), "set, get");
    check(!yes(cache.add("jv:a", 100, "x")) && yes(cache.add("jv:b", 100, "b")), "add");
    check(yes(cache.replace("jv:b", 100, "c")), "replace");
    check(!yes(cache.replace("jv:none", 100, "c")), "replace of nothing");
    check(yes(cache.append("jv:b", "d")) && yes(cache.prepend("jv:b", "b")), "append, prepend");
    check(cache.get("jv:b").equals("bcd") && cache.get("jv:none") == null, "get");
    byte[] big = new byte[900000];
    new java.util.Random(1).nextBytes(big);
    check(yes(cache.set("jv:big", 100, big)), "set, large");
    check(Arrays.equals((byte[]) cache.get("jv:big"), big), "get, large");
  }

  static void casing(MemcachedClient cache) {
    CASValue<Object> got = cache.gets("jv:b");
    check(cache.cas("jv:b", got.getCas(), "new") == CASResponse.OK, "cas");
    check(cache.cas("jv:b", got.getCas(), "late") == CASResponse.EXISTS, "a late cas");
    check(cache.cas("jv:none", 1, "x") == CASResponse.NOT_FOUND, "cas of nothing");
  }

  static void counting(MemcachedClient cache) {
    check(cache.incr("jv:n", 5, 10) == 10 && cache.incr("jv:n", 5) == 15, "incr");
    check(cache.decr("jv:n", 20) == 0 && cache.incr("jv:none", 1) == -1, "decr");
  }

  static void multigetting(MemcachedClient cache) throws Exception {
    Map<String, Object> values = new HashMap<>();
    Future<Boolean> last = null;
    for (int n = 0; n < 500; n++) {
      values.put("jv:m" + n, "v" + n);
      last = cache.set("jv:m" + n, 100, "v" + n);
    }
    check(last.get(), "pipelined sets");
    check(cache.getBulk(values.keySet()).equals(values), "getBulk");
  }

  static void expiring(MemcachedClient cache) throws Exception {
    check(yes(cache.delete("jv:a")) && !yes(cache.delete("jv:a")), "delete");
    check(yes(cache.set("jv:soon", 1, "x")) && yes(cache.set("jv:touched", 0, "x")), "set");
    check(yes(cache.touch("jv:touched", 1)), "touch");
    Thread.sleep(2200);
    check(cache.get("jv:soon") == null && cache.get("jv:touched") == null, "expiry");
  }

  static void session(String server, ConnectionFactoryBuilder.Protocol protocol) throws Exception {
    MemcachedClient cache = new MemcachedClient(
        new ConnectionFactoryBuilder().setProtocol(protocol).setOpTimeout(10000).build(),
        AddrUtil.getAddresses(server));
    storing(cache);
    casing(cache);
    counting(cache);
    multigetting(cache);
    expiring(cache);
    check(cache.getStats().values().iterator().next().containsKey("cmd_set"), "stats");
    check(cache.getVersions().values().iterator().next().contains("."), "version");
    check(yes(cache.flush()) && cache.get("jv:b") == null, "flush");
    cache.shutdown();
  }

  public static void main(String[] args) throws Exception {
    System.setProperty("net.spy.log.LoggerImpl", "net.spy.memcached.compat.log.SunLogger");
    java.util.logging.LogManager.getLogManager().reset();
    for (ConnectionFactoryBuilder.Protocol protocol : ConnectionFactoryBuilder.Protocol.values()) {
      session(args[0] + ":" + args[1], protocol);
    }
    System.out.println("text and binary: set get cas add append incr touch delete bulk expiry large");
    System.exit(0);
  }
}
