// SPDX-License-Identifier: MIT
//
// peer_go.go - the benchmarks in Go: goroutines, and a buffered channel for each as its inbox.
//
//     peer_go NAME CORES RUNS    prints one figure a line, in the unit of bench_core's benchmark of that name
//     peer_go list             prints the names
//
// All of them are here but idle_handler: a goroutine has a stack, as a body has.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

const (
	buffered  = 256 // messages in the channel between fast talkers; more or fewer were not faster
	ringSize  = 503
	producers = 64
	bound     = 50 // items in the bounded buffer
	users     = 10 // of it: producers, and as many consumers
	talkers   = 1000
	balls     = 16
	computers = 64
	rounds    = 1700 // of the multiplication of a task
)

type parcel struct{ a, b, c, d, e int64 }

func need(good bool, what string) {
	if !good {
		fmt.Fprintln(os.Stderr, "peer_go:", what)
		os.Exit(1)
	}
}

func since(from time.Time, count int) float64 {
	return float64(time.Since(from).Nanoseconds()) / float64(count)
}

func random(x uint64) uint64 {
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	return x
}

func below(x uint64, limit int) int {
	return int((x >> 32) * uint64(limit) >> 32)
}

// ---- a few who talk ---------------------------------------------------------------------

func circle(players, hops int) float64 {
	inboxes := make([]chan int, players)
	for i := range inboxes {
		inboxes[i] = make(chan int, 1) // there is one ball
	}
	var all sync.WaitGroup
	all.Add(players)
	for i := range inboxes {
		go func(from, to chan int) {
			for left := range from {
				if left == 0 {
					break
				}
				to <- left - 1
			}
			close(to)
			all.Done()
		}(inboxes[i], inboxes[(i+1)%players])
	}
	from := time.Now()
	inboxes[0] <- hops
	all.Wait()
	return since(from, hops)
}

func toOne(count, messages int) float64 {
	messages -= messages % count
	inbox := make(chan parcel, buffered)
	var sending sync.WaitGroup
	sending.Add(count)
	from := time.Now()
	for i := 0; i < count; i++ {
		go func() {
			for n := 0; n < messages/count; n++ {
				inbox <- parcel{a: int64(n)}
			}
			sending.Done()
		}()
	}
	go func() {
		sending.Wait()
		close(inbox)
	}()
	got := 0
	for range inbox {
		got++
	}
	need(got == messages, "messages are missing")
	return since(from, messages)
}

// A channel is a bounded buffer, for any number on both sides.
func boundedBuffer(items int) float64 {
	buffer := make(chan parcel, bound)
	var sending, taking sync.WaitGroup
	sending.Add(users)
	taking.Add(users)
	var counts [users][8]int // each on a cache line of its own
	from := time.Now()
	for i := 0; i < users; i++ {
		go func() {
			for n := 0; n < items/users; n++ {
				buffer <- parcel{a: int64(n)}
			}
			sending.Done()
		}()
		go func(count *int) {
			for range buffer {
				*count++
			}
			taking.Done()
		}(&counts[i][0])
	}
	sending.Wait()
	close(buffer)
	taking.Wait()
	ns := since(from, items)
	got := 0
	for i := range counts {
		got += counts[i][0]
	}
	need(got == items, "items are missing")
	return ns
}

// ---- many who know each other -------------------------------------------------------------

type said struct{ from int } // who pings; below 0: a pong

func manyToMany(rounds int) float64 {
	inboxes := make([]chan said, talkers)
	for i := range inboxes {
		inboxes[i] = make(chan said, talkers+1) // a ping from each and a pong: nobody ever waits for room
	}
	var all sync.WaitGroup
	all.Add(talkers)
	from := time.Now()
	for i := range inboxes {
		go func(me int) {
			seed, left := random(uint64(me)+1)|1, rounds
			ping := func() {
				seed = random(seed)
				inboxes[below(seed, talkers)] <- said{me}
			}
			ping()
			for m := range inboxes[me] {
				if m.from >= 0 {
					inboxes[m.from] <- said{-1}
				} else if left--; left > 0 {
					ping()
				} else {
					all.Done() // and goes on answering
				}
			}
		}(i)
	}
	all.Wait()
	ns := since(from, talkers*rounds)
	for i := range inboxes {
		close(inboxes[i])
	}
	return ns
}

// Of a request, the channel for its reply is a part; who waits for his answers the others meanwhile.
func ask(rounds int) float64 {
	inboxes := make([]chan chan struct{}, talkers)
	for i := range inboxes {
		inboxes[i] = make(chan chan struct{}, talkers)
	}
	var all sync.WaitGroup
	all.Add(talkers)
	from := time.Now()
	for i := range inboxes {
		go func(me int) {
			seed, left := random(uint64(me)+1)|1, rounds
			reply := make(chan struct{}, 1)
			request := func() {
				seed = random(seed)
				inboxes[below(seed, talkers)] <- reply
			}
			request()
			for {
				select {
				case asker, open := <-inboxes[me]:
					if !open {
						return
					}
					asker <- struct{}{}
				case <-reply:
					if left--; left > 0 {
						request()
					} else {
						all.Done()
					}
				}
			}
		}(i)
	}
	all.Wait()
	ns := since(from, talkers*rounds)
	for i := range inboxes {
		close(inboxes[i])
	}
	return ns
}

type thrown struct {
	left   int
	random uint64
}

func scale(size, hops int) float64 {
	hops /= balls
	inboxes := make([]chan thrown, size)
	for i := range inboxes {
		inboxes[i] = make(chan thrown, balls) // all that there are
	}
	var all sync.WaitGroup
	all.Add(balls)
	for i := range inboxes {
		go func(me chan thrown) {
			for b := range me {
				r := random(b.random)
				if b.left > 0 {
					inboxes[below(r, size)] <- thrown{b.left - 1, r}
				} else {
					all.Done()
				}
			}
		}(inboxes[i])
	}
	from := time.Now()
	for i := 0; i < balls; i++ {
		inboxes[i%size] <- thrown{hops, random(uint64(i) + 1)}
	}
	all.Wait()
	ns := since(from, hops*balls)
	for i := range inboxes {
		close(inboxes[i])
	}
	return ns
}

// ---- what a goroutine costs -----------------------------------------------------------------

func forkJoin(count int) float64 {
	var all sync.WaitGroup
	all.Add(count)
	from := time.Now()
	for i := 0; i < count; i++ {
		inbox := make(chan int) // without a buffer, so that each child runs while its memory is warm
		go func() {
			<-inbox
			all.Done()
		}()
		inbox <- i
	}
	all.Wait()
	return since(from, count)
}

func resident() float64 {
	f, err := os.Open("/proc/self/statm")
	need(err == nil, "no /proc/self/statm")
	defer f.Close()
	var total, pages float64
	_, err = fmt.Fscan(f, &total, &pages)
	need(err == nil, "/proc/self/statm has another form")
	return pages * float64(os.Getpagesize())
}

func idle(count int) float64 {
	inboxes := make([]chan int, count)
	handled := make(chan int, 1)
	for i := range inboxes {
		inboxes[i] = nil
	}
	runtime.GC()
	before := resident()
	for i := range inboxes {
		inboxes[i] = make(chan int, 1)
		go func(me chan int) {
			for n := range me {
				handled <- n
			}
		}(inboxes[i])
		inboxes[i] <- i
		<-handled
	}
	runtime.GC()
	after := resident()
	for i := range inboxes {
		close(inboxes[i])
	}
	return (after - before) / float64(count)
}

// ---- computing -------------------------------------------------------------------------------

func compute(tasks int) float64 {
	var inboxes [computers]chan int
	var all sync.WaitGroup
	all.Add(computers)
	var results [computers][8]uint64
	from := time.Now()
	for i := range inboxes {
		inboxes[i] = make(chan int, buffered)
		go func(me chan int, result *uint64) {
			x := uint64(0)
			for n := range me {
				x++
				for ; n > 0; n-- {
					x = x*6364136223846793005 + 1442695040888963407
				}
			}
			*result = x
			all.Done()
		}(inboxes[i], &results[i][0])
	}
	for n := 0; n < tasks; n++ {
		for i := range inboxes {
			inboxes[i] <- rounds
		}
	}
	for i := range inboxes {
		close(inboxes[i])
	}
	all.Wait()
	return since(from, tasks*computers)
}

var benches = []struct {
	name string
	run  func() float64
}{
	{"ping_pong", func() float64 { return circle(2, 4000000) }},
	{"ring", func() float64 { return circle(ringSize, 4000000) }},
	{"one_to_one", func() float64 { return toOne(1, 10000000) }},
	{"many_to_one", func() float64 { return toOne(producers, 8000000) }},
	{"bounded_buffer", func() float64 { return boundedBuffer(4000000) }},
	{"many_to_many", func() float64 { return manyToMany(2000) }},
	{"ask", func() float64 { return ask(1000) }},
	{"fork_join", func() float64 { return forkJoin(1000000) }},
	{"compute", func() float64 { return compute(4000) }},
	{"scale_10", func() float64 { return scale(10, 2000000) }},
	{"scale_1e3", func() float64 { return scale(1000, 2000000) }},
	{"scale_1e5", func() float64 { return scale(100000, 2000000) }},
	{"scale_1e6", func() float64 { return scale(1000000, 2000000) }},
	{"idle_body", func() float64 { return idle(100000) }},
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "list" {
		for _, b := range benches {
			fmt.Println(b.name)
		}
		return
	}
	need(len(os.Args) == 4, "usage: peer_go list | NAME CORES RUNS")
	cores, err := strconv.Atoi(os.Args[2])
	need(err == nil && cores > 0, "CORES is no number above 0")
	runs, err := strconv.Atoi(os.Args[3])
	need(err == nil && runs > 0, "RUNS is no number above 0")
	runtime.GOMAXPROCS(cores)
	for _, b := range benches {
		if b.name == os.Args[1] {
			for ; runs > 0; runs-- {
				fmt.Printf("%.2f\n", b.run())
			}
			return
		}
	}
	need(false, "no benchmark of that name")
}
