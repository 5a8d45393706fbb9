/** A count with its noun, for messages: `1 shard`, `2 shards`, `2 policies`. */
export function counted(count: number, noun: string, several = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : several}`;
}
