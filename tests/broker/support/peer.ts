import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';
import { onTestFinished } from 'vitest';

/** One end of an MQTT connection that says exactly what a test wants it to, and no more. */
export class Peer {
  readonly #socket: Socket;
  readonly #packets: Packet[] = [];
  readonly #changed = new Set<() => void>();
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const incoming = parser({ protocolVersion: 4 });
    incoming.on('packet', (packet: Packet) => {
      this.#packets.push(packet);
      this.#tell();
    });
    socket.on('data', (chunk: Buffer) => incoming.parse(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#tell();
    });
  }

  /** Opens a connection, which is gone when the running test ends. */
  static async open(port: number): Promise<Peer> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    return new Peer(socket);
  }

  send(packet: Packet, protocolVersion = 4): void {
    this.#socket.write(generate(packet, { protocolVersion }));
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Breaks the connection without a word. */
  break(): void {
    this.#socket.destroy();
  }

  /** Breaks it as a machine does that knows nothing of it any more. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Says CONNECT; resolves with the return code of the answer. */
  async connect(fields: Partial<IConnectPacket>): Promise<number | undefined> {
    const common = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0 } as const;
    this.send({ ...common, clientId: '', ...fields }, fields.protocolVersion ?? 4);
    const answer = await this.next();
    return answer.cmd === 'connack' ? answer.returnCode : undefined;
  }

  /** The next packet that comes. @throws Error when the connection is closed before */
  async next(): Promise<Packet> {
    await this.#until(() => this.#packets.length > 0 || this.#closed);
    const packet = this.#packets.shift();
    if (packet === undefined) throw new Error('the connection was closed without an answer');
    return packet;
  }

  /** Resolves when the other side has closed it, with the commands that came and nobody asked for. */
  async closed(): Promise<string[]> {
    await this.#until(() => this.#closed);
    return this.#packets.map(({ cmd }) => cmd);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  #until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo()) return;
        this.#changed.delete(look);
        resolve();
      };
      this.#changed.add(look);
      look();
    });
  }

  #tell(): void {
    for (const look of this.#changed) look();
  }
}
