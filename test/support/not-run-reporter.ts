import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { requiredNeeds, unmetNeeds } from './needs.ts';

/** Ends a run by saying what could not run and why, and how many tests passed, failed and did not run; fails it where that was required. */
export default class NotRunReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    const notRun = tests.flatMap(withReason);
    const brokenFiles = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length;

    const lines = notRun.map(({ title, reason }) => `  ${title} – ${reason}`);
    console.log(lines.length === 0 ? 'Everything could run.' : `Could not run:\n${lines.join('\n')}`);
    console.log(`${count('passed')} passed, ${count('failed') + brokenFiles} failed, ${notRun.length} could not run`);

    const broken = unmetNeeds().filter((reason) => requiredNeeds().some((need) => reason.startsWith(`${need}:`)));
    if (broken.length === 0) return;
    console.log(`TENANTRY_TEST_REQUIRE asks for what is not there:\n  ${broken.join('\n  ')}`);
    process.exitCode = 1;
  }
}

/** Tests that a filter left out have no reason, and are no concern of this list. */
function withReason(test: TestCase): { title: string; reason: string }[] {
  const result = test.result();
  return result.state === 'skipped' && result.note !== undefined ? [{ title: test.fullName, reason: result.note }] : [];
}
