import type { Connection } from 'tedious';

/** Bytes of a packet until the server has said how many it takes. */
const loginPacketBytes = 4_096;
/** Bytes that a packet may have at all (MS-TDS 2.2.3.1.3). */
const leastBytes = 512;
const mostBytes = 32_767;

/** The part of the driver's connection that its types keep to themselves (tedious 20). */
interface Packets {
  /** Gives the size of packets, or sets it. */
  readonly messageIo: { packetSize(...bytes: readonly number[]): number };
  sendLogin7Packet(): void;
}

/**
 * Bounds the packets of a connection, before it connects. The driver uses the size that it asks for from the first packet on; a login with
 * a token is longer than what a server takes by then. And it believes whatever size a server names: messages would be cut into packets
 * without data, and never end, or into such as have no header, which nothing catches. An answer that names such a size cannot be read
 * instead.
 */
export function boundPackets(connection: Connection): void {
  const internals = connection as unknown as Packets;
  const send = internals.sendLogin7Packet.bind(internals);
  internals.sendLogin7Packet = () => {
    const { messageIo } = internals;
    const change = messageIo.packetSize.bind(messageIo);
    messageIo.packetSize = (...bytes) => {
      if (!bytes.every((size) => size >= leastBytes && size <= mostBytes))
        throw new RangeError('The server names a size that no packet has.');
      return change(...bytes);
    };
    messageIo.packetSize(loginPacketBytes);
    send();
  };
}
