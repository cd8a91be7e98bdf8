package server

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vinculo/vinculo/internal/access"
)

// metrics are what /metrics shows. The labels take few values, none of them a client's.
type metrics struct {
	registry      *prometheus.Registry
	requests      *prometheus.CounterVec
	requestTime   *prometheus.HistogramVec
	operations    *prometheus.CounterVec
	operationTime *prometheus.HistogramVec
	limits        *prometheus.CounterVec
	streams       *prometheus.GaugeVec
	closes        *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vinculo_http_requests_total", Help: "HTTP requests answered, by route, method and status.",
		}, []string{"route", "method", "status"}),
		requestTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vinculo_http_request_seconds", Help: "Time to answer an HTTP request; websockets and event streams are left out.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route"}),
		operations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vinculo_graphql_responses_total", Help: "GraphQL responses, by kind of operation and the code of the first error, ok without one.",
		}, []string{"kind", "result"}),
		operationTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vinculo_graphql_operation_seconds", Help: "Time to run a query or mutation.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"kind"}),
		limits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vinculo_limit_exceeded_total", Help: "Errors LIMIT_EXCEEDED, by limit.",
		}, []string{"limit"}),
		streams: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "vinculo_streams", Help: "Websockets and event streams that are open.",
		}, []string{"transport"}),
		closes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vinculo_websocket_closes_total", Help: "Websockets that the server closed, by close code.",
		}, []string{"code"}),
	}
	m.registry.MustRegister(m.requests, m.requestTime, m.operations, m.operationTime, m.limits, m.streams, m.closes,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// serveMetrics shows the metrics to this machine, or to everyone where Config.Metrics says so.
func (s *Server) serveMetrics() http.Handler {
	show := promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.config.Metrics && !access.IsDirect(r) {
			http.NotFound(w, r)
			return
		}
		show.ServeHTTP(w, r)
	})
}
