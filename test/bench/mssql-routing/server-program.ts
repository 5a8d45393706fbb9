import { ScriptedShard } from '../../support/scripted-shard.ts';

/** A scripted shard in a process of its own: one row for every statement. */
const shard = await ScriptedShard.start();
shard.answer = () => ({ columns: { BlogId: 'int', Name: 'nvarchar(40)' }, rows: [[1, 'a blog']] });
shard.model.at = ({ moment }) => {
  if (moment === 'answered') shard.server.recording.take();
};
process.stdout.write(`${shard.server.port}\n`);
process.once('SIGTERM', () => process.exit(0));
