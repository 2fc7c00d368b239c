import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { connectPacket } from '../support/mqtt-packets.ts';
import { ServiceProcess } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { signIn } from './support/signed-in.ts';
import { Witness } from './support/witness.ts';

const CLIENTS = 2_000;
const SECRET = 'the-secret-of-the-crowd';
/** About five times what two busy cores take. */
const ALL_WITHIN_MS = 10_000;
/** A modem gives up on an acknowledgement after some seconds. */
const OTHERS_WITHIN_MS = 2_500;
/** CONNACK that lets in [MQTT-3.2]. */
const WELCOME = '20020000';

const crowd = Array.from({ length: CLIENTS }, (_, at) => ({
  ...{ id: `WP-${at}`, kind: 'water-pressure', area: 'town-centre', organisation: 'water-company', secret: SECRET },
}));

/** Everybody dials at the same moment; resolves with their sockets when the last one is let in. */
function dialAll(port: number): Promise<Socket[]> {
  return Promise.all(
    crowd.map(
      ({ id }) =>
        new Promise<Socket>((resolve, reject) => {
          const socket = connect({ port, host: '127.0.0.1', noDelay: true });
          socket.on('connect', () => socket.write(connectPacket('modem', id, SECRET)));
          socket.once('error', reject);
          socket.once('data', (answer) => {
            if (answer.toString('hex') === WELCOME) resolve(socket);
            else reject(new Error(`${id} was answered ${answer.toString('hex')}`));
          });
        }),
    ),
  );
}

it('P3: 2,000 clients connect at once, and again while their old connections still seem open: none waits long, and nobody else does', async ({
  annotate,
}) => {
  const service = await ServiceProcess.start({ dataDir: temporaryFolder(), from: 'build' });
  onTestFinished(() => service.kill());
  await service.register(crowd);
  const witness = await Witness.call(service, signIn);

  const storm = async () => {
    let isOver = false;
    const delays: number[] = [];
    const speaking = (async () => {
      while (!isOver) delays.push(await witness.speak());
    })();
    const began = performance.now();
    const sockets = await dialAll(service.mqttPort);
    const took = performance.now() - began;
    isOver = true;
    await speaking;
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    return { sockets, took, delays };
  };
  const first = await storm();
  const second = await storm();
  for (const { took, delays } of [first, second]) {
    const worst = Math.max(...delays);
    await annotate(`${CLIENTS} let in after ${Math.round(took)} ms, others waited ${Math.round(worst)} ms at most`);
    expect(took).toBeLessThan(ALL_WITHIN_MS);
    expect(worst).toBeLessThan(OTHERS_WITHIN_MS);
  }
  await expect.poll(() => first.sockets.filter(({ destroyed }) => !destroyed).length).toBe(0);
  expect(second.sockets.filter(({ destroyed }) => destroyed)).toEqual([]);
  await witness.testifyInFull();
});
