// A session of Go's gomemcache, whose every get is a gets.
package main

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

func check(condition bool, what string) {
	if !condition {
		fmt.Fprintln(os.Stderr, "gomemcache:", what)
		os.Exit(1)
	}
}

func has(cache *memcache.Client, key, value string) bool {
	item, err := cache.Get(key)
	return err == nil && string(item.Value) == value
}

func missing(cache *memcache.Client, key string) bool {
	_, err := cache.Get(key)
	return err == memcache.ErrCacheMiss
}

func storing(cache *memcache.Client) {
	check(cache.Set(&memcache.Item{Key: "go:a", Value: []byte("\x00\r\n"), Flags: 7}) == nil, "set")
	item, err := cache.Get("go:a")
	check(err == nil && string(item.Value) == "\x00\r\n" && item.Flags == 7, "get")
	check(cache.Add(&memcache.Item{Key: "go:a"}) == memcache.ErrNotStored, "add over an item")
	check(cache.Add(&memcache.Item{Key: "go:b", Value: []byte("b")}) == nil, "add")
	check(missing(cache, "go:none"), "miss")
	big := bytes.Repeat([]byte("0123456789"), 99000)
	check(cache.Set(&memcache.Item{Key: "go:big", Value: big}) == nil, "set, large")
	check(has(cache, "go:big", string(big)), "get, large")
}

func casing(cache *memcache.Client) {
	first, _ := cache.Get("go:b")
	late, _ := cache.Get("go:b")
	first.Value, late.Value = []byte("first"), []byte("late")
	check(cache.CompareAndSwap(first) == nil, "cas")
	check(cache.CompareAndSwap(late) == memcache.ErrCASConflict, "a late cas")
	check(has(cache, "go:b", "first"), "what cas made")
}

func counting(cache *memcache.Client) {
	check(cache.Set(&memcache.Item{Key: "go:n", Value: []byte("0")}) == nil, "a counter")
	var all sync.WaitGroup
	for n := 0; n < 8; n++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := 0; n < 50; n++ {
				_, err := cache.Increment("go:n", 1)
				check(err == nil, "increment")
			}
		}()
	}
	all.Wait()
	value, err := cache.Decrement("go:n", 1)
	check(err == nil && value == 399, "decrement")
	_, err = cache.Increment("go:none", 1)
	check(err == memcache.ErrCacheMiss, "counting nothing")
}

func multigetting(cache *memcache.Client) {
	keys := []string{"go:none"}
	for n := 0; n < 500; n++ {
		key := fmt.Sprintf("go:m%d", n)
		keys = append(keys, key)
		check(cache.Set(&memcache.Item{Key: key, Value: []byte(key)}) == nil, "set")
	}
	found, err := cache.GetMulti(keys)
	check(err == nil && len(found) == 500 && string(found["go:m499"].Value) == "go:m499", "multi")
}

func main() {
	cache := memcache.New(os.Args[1] + ":" + os.Args[2])
	cache.Timeout = 10 * time.Second
	storing(cache)
	casing(cache)
	counting(cache)
	multigetting(cache)
	check(cache.Delete("go:a") == nil && cache.Delete("go:a") == memcache.ErrCacheMiss, "delete")
	check(cache.Set(&memcache.Item{Key: "go:soon", Expiration: 1}) == nil, "set, to expire")
	time.Sleep(2200 * time.Millisecond)
	check(missing(cache, "go:soon"), "expiry")
	fmt.Println("set get cas add incr delete multi expiry large, eight at once")
}
