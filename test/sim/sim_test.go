package sim

import (
	"flag"
	"fmt"
	"testing"
	"testing/synctest"
)

var (
	seeds = flag.Int("seeds", 300, "how many seeds to run")
	first = flag.Uint64("first", 1, "the first of them")
	one   = flag.Uint64("seed", 0, "run only this one and show what happens")
)

func play(t *testing.T, seed uint64, tracing bool) (r Result) {
	synctest.Test(t, func(t *testing.T) { r = Run(t, seed, tracing) })
	return r
}

func TestSeeds(t *testing.T) {
	if *one != 0 {
		r := play(t, *one, true)
		for _, l := range r.Trace {
			fmt.Println(l)
		}
		for _, v := range r.Violations {
			t.Error(v)
		}
		return
	}
	for i := range *seeds {
		seed := *first + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := play(t, seed, false)
			for _, v := range r.Violations {
				t.Errorf("%s\n\tgo test ./test/sim -run TestSeeds -v -seed %d", v, seed)
			}
		})
	}
}
