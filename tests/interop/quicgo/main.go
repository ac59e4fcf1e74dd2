// A peer for tests/interop/quic.sh on quic-go: a client that sends a file on a stream, ends it and
// keeps what comes back; a server that sends everything back, or a file.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/lucas-clemente/quic-go"
)

const application = "shakedown"

var (
	connect  = flag.String("connect", "", "be a client of this address")
	listen   = flag.String("listen", "", "be a server on this address")
	name     = flag.String("name", "server.example", "whom a client expects")
	ca       = flag.String("ca", "", "whom to trust, PEM")
	cert     = flag.String("cert", "", "own certificate, PEM")
	key      = flag.String("key", "", "own private key, PEM")
	send     = flag.String("send", "", "file that goes out; a server without one sends back what came")
	receive  = flag.String("receive", "", "where what came goes")
	retry    = flag.Bool("retry", false, "server: every client shows a token first")
	mutual   = flag.Bool("mutual", false, "server: clients show a certificate")
	sessions = flag.Int("sessions", 1, "client: connections one after another; from the second on with 0-RTT")
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func tlsConfig() *tls.Config {
	c := &tls.Config{ServerName: *name, NextProtos: []string{application},
		ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		check(err)
		c.RootCAs = x509.NewCertPool()
		c.RootCAs.AppendCertsFromPEM(pem)
		c.ClientCAs = c.RootCAs
	}
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		check(err)
		c.Certificates = []tls.Certificate{pair}
	}
	if *mutual {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c
}

func client(c *tls.Config, q *quic.Config) {
	data, err := os.ReadFile(*send)
	check(err)
	for i := 0; i < *sessions; i++ {
		conn, err := quic.DialAddrEarly(*connect, c, q)
		check(err)
		stream, err := conn.OpenStreamSync(context.Background())
		check(err)
		_, err = stream.Write(data)
		check(err)
		check(stream.Close())
		reply, err := io.ReadAll(stream)
		check(err)
		check(os.WriteFile(*receive, reply, 0o600))
		<-conn.HandshakeComplete().Done()
		state := conn.ConnectionState()
		fmt.Fprintf(os.Stderr, "reply: %d bytes, resumed %v, 0-RTT %v\n", len(reply),
			state.TLS.DidResume, state.TLS.Used0RTT)
		time.Sleep(50 * time.Millisecond) // for a ticket
		check(conn.CloseWithError(0, ""))
	}
}

func serve(conn quic.Connection) {
	for {
		stream, err := conn.AcceptStream(context.Background())
		if err != nil {
			return
		}
		if *send != "" {
			one := make([]byte, 1)
			stream.Read(one)
			data, err := os.ReadFile(*send)
			check(err)
			stream.Write(data)
		} else {
			io.Copy(stream, stream)
		}
		stream.Close()
		state := conn.ConnectionState()
		fmt.Fprintf(os.Stderr, "served %v, resumed %v, 0-RTT %v\n", conn.RemoteAddr(),
			state.TLS.DidResume, state.TLS.Used0RTT)
	}
}

func server(c *tls.Config, q *quic.Config) {
	q.RequireAddressValidation = func(net.Addr) bool { return *retry }
	listener, err := quic.ListenAddrEarly(*listen, c, q)
	check(err)
	fmt.Fprintln(os.Stderr, "listening")
	for {
		conn, err := listener.Accept(context.Background())
		check(err)
		go serve(conn)
	}
}

func main() {
	flag.Parse()
	q := &quic.Config{MaxIdleTimeout: 20 * time.Second}
	if *connect != "" {
		client(tlsConfig(), q)
	} else {
		server(tlsConfig(), q)
	}
}
