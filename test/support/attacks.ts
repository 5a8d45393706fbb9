import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What an attacker does, and what of it is shown: data that was seen, or `succeeded` where the deed itself is the harm. */
export type AttackOn<World> = (world: World) => Promise<unknown>;

/** How the defence against an attack is switched off; the attack must then get through. */
export type DefenceOn<World> = (world: World) => Promise<unknown>;

/** Given by an attack whose deed is the harm, whatever was seen. */
export const succeeded = Symbol('succeeded');

/** Where attacks are made: a shard of one engine with two tenants, of which every row of the second says `tenant-2`. */
export interface AttackGround<World extends { close(): Promise<void> }> {
  /** Where worlds are made. */
  readonly start: () => Promise<{ createWorld(): Promise<World>; stop(): Promise<void> }>;
  /** Everything that is tenant 2's, and everything that claims to be. */
  readonly possessions: (world: World) => Promise<string>;
  /** What a refusal of the database says, which is an answer, and may itself say too much; throws what is none. */
  readonly refusal: (error: unknown) => unknown;
}

/**
 * Runs each attack twice: against the shard as it is, where nothing of tenant 2 may be seen or changed, and with its
 * defence switched off, where something must, or the test could not fail. An attack without a defence, and a defence
 * without an attack, fail.
 */
export function describeAttacksOn<World extends { close(): Promise<void> }>(
  ground: AttackGround<World>,
  title: string,
  attacks: Readonly<Record<string, AttackOn<World>>>,
  defences: Readonly<Record<string, DefenceOn<World>>>,
): void {
  describe(title, () => {
    let server: Awaited<ReturnType<typeof ground.start>>;
    let whole: World;
    beforeAll(async () => {
      server = await ground.start();
      whole = await server.createWorld();
    });
    afterAll(async () => {
      await whole.close();
      await server.stop();
    });

    it('has a way to switch off the defence against every attack', () => {
      expect(Object.keys(defences)).toEqual(Object.keys(attacks));
    });
    for (const [name, attack] of Object.entries(attacks)) {
      it(`${name}: denied`, async () => {
        expect(await harm(ground, whole, attack)).toEqual([]);
      });
      it(`${name}: gets through once its defence is off`, async () => {
        const weakened = await server.createWorld();
        try {
          await defences[name]?.(weakened);
          expect(await harm(ground, weakened, attack)).not.toEqual([]);
        } finally {
          await weakened.close();
        }
      });
    }
  });
}

async function harm<World extends { close(): Promise<void> }>(
  { possessions, refusal }: AttackGround<World>,
  world: World,
  attack: AttackOn<World>,
): Promise<string[]> {
  const before = await possessions(world);
  const shown = await attack(world).catch(refusal);
  const after = await possessions(world);
  return [...harmSeen(shown), ...(after === before ? [] : ['rows of tenant 2 were changed'])];
}

function harmSeen(shown: unknown): string[] {
  if (shown === succeeded) return ['the deed succeeded'];
  return /tenant-2|\bsecret\b/.test(JSON.stringify(shown) ?? '') ? [`what was shown: ${JSON.stringify(shown)}`] : [];
}
