import { expect, test } from 'vitest';
import { readPlan } from '../../../integration/mssql/support/plans.ts';

const column = (name: string): string => `<ColumnReference Database="[shop]" Schema="[dbo]" Table="[Blogs]" Alias="[b]" Column="${name}"/>`;
const range = (names: readonly string[]): string =>
  `<RangeColumns>${names.map(column).join('')}</RangeColumns><RangeExpressions><ScalarOperator ScalarString="[Expr1002]"><Identifier><ColumnReference Column="Expr1002"/></Identifier></ScalarOperator></RangeExpressions>`;
const plan = (seek: string): string => `<ShowPlanXML xmlns="http://schemas.microsoft.com/sqlserver/2004/07/showplan" Version="1.539">
  <RelOp NodeId="0" PhysicalOp="Top" LogicalOp="Top"><RunTimeInformation><RunTimeCountersPerThread Thread="0" ActualRows="1"/></RunTimeInformation>
  <RelOp NodeId="1" PhysicalOp="Clustered Index Seek" LogicalOp="Clustered Index Seek">
  <RunTimeInformation><RunTimeCountersPerThread Thread="0" ActualRows="1" ActualRowsRead="1" ActualLogicalReads="3" ActualLobLogicalReads="40"/></RunTimeInformation>
  <IndexScan Ordered="1"><SeekPredicates><SeekPredicateNew><SeekKeys>${seek}</SeekKeys></SeekPredicateNew></SeekPredicates></IndexScan>
  </RelOp></RelOp></ShowPlanXML>`;

test('the columns that a plan seeks by equality are read, those of a range are not, and pages are counted', () => {
  const both = readPlan(plan(`<Prefix ScanType="EQ">${range(['TenantId', 'BlogId'])}</Prefix>`));
  expect(both).toEqual({ sought: [['TenantId', 'BlogId']], operators: ['Top', 'Clustered Index Seek'], logicalReads: 3 });
  const bounds = `<StartRange ScanType="GE">${range(['TenantId'])}</StartRange><EndRange ScanType="LE">${range(['TenantId'])}</EndRange>`;
  expect(readPlan(plan(bounds)).sought).toEqual([[]]);
  expect(
    readPlan(plan(`<Prefix ScanType="EQ">${range(['TenantId'])}</Prefix><StartRange ScanType="GT">${range(['BlogId'])}</StartRange>`))
      .sought,
  ).toEqual([['TenantId']]);
});
