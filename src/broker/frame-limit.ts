/** Most bytes of an MQTT packet, header apart; a bigger one is a breach of protocol (DESIGN.md §5). */
export const MAX_PACKET_BYTES = 1024 * 1024;

/**
 * Follows the packets in a stream of MQTT bytes without keeping any, so that a packet that is too large is noticed at its
 * header, before anybody buffers it.
 */
export class FrameLimit {
  /** Bytes of the current packet still to come; null while its length is being read. */
  #left: number | null = null;
  #length = 0;
  /** Which byte of the header comes next: 0 is the type, 1 to 4 are the length [MQTT-2.2.3]. */
  #at = 0;

  /** Whether the bytes may go on: false as soon as a packet's length passes the limit or is no length. */
  accept(chunk: Uint8Array): boolean {
    let index = 0;
    while (index < chunk.length) {
      if (this.#left !== null && this.#left > 0) {
        const skip = Math.min(this.#left, chunk.length - index);
        this.#left -= skip;
        index += skip;
        continue;
      }
      if (!this.#header(chunk[index] as number)) return false;
      index++;
    }
    return true;
  }

  #header(byte: number): boolean {
    if (this.#left !== null) {
      this.#left = null;
      this.#at = 0;
      this.#length = 0;
    }
    if (this.#at > 0) {
      this.#length += (byte & 0x7f) * 128 ** (this.#at - 1);
      if (this.#length > MAX_PACKET_BYTES || (this.#at === 4 && byte > 0x7f)) return false;
      if (byte < 0x80) this.#left = this.#length;
    }
    this.#at++;
    return true;
  }
}
