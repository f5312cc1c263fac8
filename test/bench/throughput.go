package main

import (
	"context"
	"crypto/md5"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

const moved = 2 << 30

// figure is what one transfer cost.
type figure struct{ seconds, cpu float64 }

// contender does one transfer of so many bytes.
type contender struct {
	name string
	size float64
	run  func(context.Context) (figure, error)
}

func (b *bench) throughput(ctx context.Context) error {
	if !b.wanted("publish-throughput", "publish-throughput-digest", "publish-cpu") {
		return nil
	}

	parts, err := b.rig(ctx, false, "--transfer-verify", "parts")
	if err != nil {
		return err
	}
	defer parts.stop()
	digest, err := b.rig(ctx, false, "--transfer-verify", "digest")
	if err != nil {
		return err
	}
	defer digest.stop()
	base, err := b.relay(ctx, parts)
	if err != nil {
		return err
	}

	got, err := b.compare(ctx, base, parts.contender("parts"), digest.contender("digest"),
		contender{name: "md5", size: moved, run: hashAlone})
	if err != nil {
		return err
	}

	b.report("publish-throughput", ratio(got["relay"], got["parts"], seconds), 1.2, true)
	b.report("publish-throughput-digest", ratio(slower(got["relay"], got["md5"]), got["digest"], seconds), 0.85, true)
	b.report("publish-cpu", 1/ratio(got["relay"], got["parts"], cpu), 1, false)
	return nil
}

func (b *bench) throughputTLS(ctx context.Context) error {
	if !b.wanted("publish-throughput-tls") {
		return nil
	}

	r, err := b.rig(ctx, true, "--transfer-verify", "parts")
	if err != nil {
		return err
	}
	defer r.stop()
	base, err := b.relay(ctx, r)
	if err != nil {
		return err
	}

	got, err := b.compare(ctx, base, r.contender("parts"))
	if err != nil {
		return err
	}

	b.report("publish-throughput-tls", ratio(got["relay"], got["parts"], seconds), 1.1, true)
	return nil
}

// hashAlone digests as many bytes as are moved, and does nothing else. A file has
// one digest, which one core makes: no transfer that verifies is faster. A quarter
// is lost to sharing two cores with both simulated systems.
func hashAlone(context.Context) (figure, error) {
	block, h, start := make([]byte, 1<<20), md5.New(), time.Now()
	for range moved / len(block) {
		h.Write(block)
	}
	took := time.Since(start).Seconds()
	return figure{seconds: took, cpu: took}, nil
}

// slower is, for each round, the figure of who took longer.
func slower(a, b []figure) []figure {
	all := slices.Clone(a)
	for i := range all {
		if b[i].seconds > all[i].seconds {
			all[i] = b[i]
		}
	}
	return all
}

func seconds(f figure) float64 { return f.seconds }
func cpu(f figure) float64     { return f.cpu }

// ratio is the median over the rounds of what the first cost by what the second
// did.
func ratio(first, second []figure, of func(figure) float64) float64 {
	var all []float64
	for i := range first {
		all = append(all, of(first[i])/of(second[i]))
	}
	return median(all)
}

// compare runs the contenders against each other, the first in each round being
// another one each time. A round before that warms everything up.
func (b *bench) compare(ctx context.Context, contenders ...contender) (map[string][]figure, error) {
	got := map[string][]figure{}
	for round := range b.rounds + 1 {
		for i := range contenders {
			c := contenders[(round+i)%len(contenders)]
			f, err := c.run(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 {
				got[c.name] = append(got[c.name], f)
				_, _ = fmt.Fprintf(os.Stderr, "  round %d %-8s %.2f s  %.0f MiB/s  %.2f s CPU\n", round, c.name,
					f.seconds, c.size/f.seconds/(1<<20), f.cpu)
			}
		}
	}

	return got, nil
}

// contender is the connector of a rig.
func (r *rig) contender(name string) contender {
	n := 0
	return contender{name: name, size: moved, run: func(ctx context.Context) (figure, error) {
		n++
		file, err := r.file(fmt.Sprintf("clip %d.mov", n), moved)
		if err != nil {
			return figure{}, err
		}

		before, err := r.connector.cpu()
		if err != nil {
			return figure{}, err
		}

		s, err := r.publish(ctx, file)
		if err != nil {
			return figure{}, err
		}

		after, err := r.connector.cpu()
		return figure{seconds: s, cpu: after - before}, err
	}}
}

// relay is the baseline on the world of a rig.
func (b *bench) relay(ctx context.Context, r *rig) (contender, error) {
	return b.mover(ctx, r, "relay")
}

// mover is a process of ours in a role that does errands: it moves bytes, and does nothing else.
func (b *bench) mover(ctx context.Context, r *rig, role string) (contender, error) {
	self, err := os.Executable()
	if err != nil {
		return contender{}, err
	}

	var env []string
	if r.CA != "" {
		env = []string{"SSL_CERT_FILE=" + r.CA}
	}

	p, err := start(ctx, env, self, role)
	if err != nil {
		return contender{}, err
	}

	context.AfterFunc(ctx, p.stop)
	nx, err := nuxeo.New(r.place.Nuxeo, r.Client, nuxeo.Token(r.Token))
	if err != nil {
		return contender{}, err
	}

	file, err := r.file(role+".mov", moved)
	return contender{
		name: role,
		size: moved,
		run:  func(ctx context.Context) (figure, error) { return r.errand(ctx, p, nx, file) },
	}, err
}

func (r *rig) errand(ctx context.Context, p *process, nx *nuxeo.Client, file string) (figure, error) {
	f, err := r.fio.Original(ctx, r.account, file)
	if err != nil {
		return figure{}, err
	}

	batch, err := nx.NewBatch(ctx)
	if err != nil {
		return figure{}, err
	}

	before, err := p.cpu()
	if err != nil {
		return figure{}, err
	}

	if err := p.say(errand{
		From:  f.Link,
		To:    r.place.Nuxeo + "/api/v1/upload/" + batch + "/0",
		Size:  moved,
		Token: r.Token,
	}); err != nil {
		return figure{}, err
	}

	line, err := p.line()
	if err != nil {
		return figure{}, err
	}

	took, err := strconv.ParseFloat(line, 64)
	if err != nil {
		return figure{}, err
	}

	after, err := p.cpu()
	return figure{seconds: took, cpu: after - before}, err
}
