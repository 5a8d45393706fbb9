import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';
import { requiredNeeds, unmetNeeds } from './needs.ts';

/**
 * Ends a run with what whoever has only the end of its output must know: what could not run and why, which tests failed, and how
 * many passed, failed and did not run. It fails the run where what could not run was required.
 */
export default class NotRunReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === 'passed').length;
    const notRun = tests.filter(hasReason);
    const failed = modules.flatMap(failuresOf);

    for (const line of notRunLines(notRun)) console.log(line);
    for (const failure of failed) console.log(`failed: ${failure}`);
    console.log(`${passed} passed, ${failed.length} failed, ${notRun.length} could not run`);

    const broken = unmetNeeds().filter((reason) => requiredNeeds().some((need) => reason.startsWith(`${need}:`)));
    if (broken.length === 0) return;
    console.log(`TENANTRY_TEST_REQUIRE asks for what is not there:\n  ${broken.join('\n  ')}`);
    process.exitCode = 1;
  }
}

/** Tests that a filter left out have no reason, and are no concern of the list. */
function hasReason(test: TestCase): boolean {
  return reasonOf(test) !== undefined;
}

function reasonOf(test: TestCase): string | undefined {
  const result = test.result();
  return result.state === 'skipped' ? result.note : undefined;
}

function notRunLines(tests: readonly TestCase[]): string[] {
  if (tests.length === 0) return ['Everything could run.'];
  const byReason = Map.groupBy(tests, (test) => reasonOf(test) ?? '');
  return [...byReason].map(([reason, unable]) => `Could not run – ${reason}\n${unable.map((test) => `  ${test.fullName}`).join('\n')}`);
}

/** Its tests that failed, and its hooks and imports, each in one line: file, title, and how the first message begins. */
function failuresOf(module: TestModule): string[] {
  const broken: readonly (TestModule | TestSuite)[] = [module, ...module.children.allSuites()];
  const tests = [...module.children.allTests('failed')];
  return [
    ...broken
      .filter((part) => part.errors().length > 0)
      .map((part) => described(module, part.type === 'suite' ? part.fullName : undefined, part.errors())),
    ...tests.map((test) => described(module, test.fullName, test.result().errors ?? [])),
  ];
}

function described(module: TestModule, title: string | undefined, errors: readonly { readonly message: string }[]): string {
  const message = (errors[0]?.message ?? '').split('\n', 1).join('').slice(0, 300);
  return [module.relativeModuleId, title, message].filter((part) => part !== undefined && part !== '').join(' – ');
}
