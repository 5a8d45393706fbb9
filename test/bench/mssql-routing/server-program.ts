import { committed, entered } from '../../support/mssql-wire.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { columnsToken, doneStatus, doneToken, rowToken } from '../../support/tds/tokens.ts';

/** A TDS server of its own process: one row for every statement, with all that a server says around a routed one. */
const columns = { BlogId: 'int', Name: 'nvarchar(40)' };
const row = [columnsToken(columns), rowToken(columns, [1, 'a blog']), doneToken('DONEINPROC', doneStatus.more, 1)];
const routed = [...entered(), ...row, ...committed()];
const bare = [...row, doneToken('DONEPROC')];

const server = await startTdsServer({
  request: async (request, answer) => {
    server.recording.take();
    await answer.end(...(request.text.includes('[tenantry].[enter]') ? routed : bare));
  },
});
process.stdout.write(`${server.port}\n`);
process.once('SIGTERM', () => process.exit(0));
