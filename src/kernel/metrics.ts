import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The service's metrics in Prometheus' form: `<stage>_<noun>_total`; a drop always carries its reason. */
export class Metrics {
  readonly #registry = new Registry();

  /** Adds the process's own figures (memory, event loop, CPU). */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  counter(name: string, help: string, labels: string[] = []): Counter {
    return new Counter({ name: `townpulse_${name}`, help, labelNames: labels, registers: [this.#registry] });
  }

  /** A figure that is asked for whenever the metrics are read. */
  gauge(name: string, help: string, read: () => number): Gauge {
    return new Gauge({
      name: `townpulse_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name: `townpulse_${name}`, help, buckets, registers: [this.#registry] });
  }

  /** All metrics as text (exposition format 0.0.4). */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
