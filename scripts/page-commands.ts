import { readFileSync } from 'node:fs';
import { shellBlocks } from './pages/shell-blocks.ts';

// Prints the commands of a page as a script: page-commands.ts docs/quickstart-sql-server.md > quickstart.sh
const [page] = process.argv.slice(2);
if (page === undefined) {
  console.error('usage: page-commands.ts <page.md>');
  process.exit(1);
}
for (const { commands } of shellBlocks(readFileSync(page, 'utf8'))) process.stdout.write(commands);
