import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ServiceClient } from '../../support/service-client.ts';

/** A TCP connection that says what no client library would. */
export class RawSocket {
  readonly socket: Socket;
  /** Everything that came back. */
  received = Buffer.alloc(0);
  #isClosed = false;
  readonly #changed = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.#tell();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#tell();
    });
  }

  /** Connects to the MQTT port; gone when the running test ends. */
  static async open(service: ServiceClient): Promise<RawSocket> {
    const socket = connect(service.mqttPort, '127.0.0.1');
    onTestFinished(() => {
      socket.destroy();
    });
    await once(socket, 'connect');
    return new RawSocket(socket);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** Resolves when so many bytes have come back. */
  answered(length: number): Promise<void> {
    return this.#until(() => this.received.length >= length);
  }

  /** Resolves when the service has closed it. */
  closed(): Promise<void> {
    return this.#until(() => this.#isClosed);
  }

  #until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!isSo() && !this.#isClosed) return;
        this.#changed.delete(look);
        if (isSo()) resolve();
        else reject(new Error(`closed after the answer ${this.received.toString('hex')}`));
      };
      this.#changed.add(look);
      look();
    });
  }

  #tell(): void {
    for (const look of this.#changed) look();
  }
}
