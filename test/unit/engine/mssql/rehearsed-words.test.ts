import { describe, expect, it } from 'vitest';
import { objectionTo } from '../../../../src/engine/mssql/rehearsed-words.ts';

describe('words of somebody’s own for SQL Server', () => {
  it.each([
    ['select 1; select 2', 'a semicolon'],
    ['select 1 commit', 'COMMIT'],
    ['select 1 /* ; */ Commit/**/Tran', 'COMMIT'],
    ['select 1commit', 'COMMIT'],
    ['rollback', 'ROLLBACK'],
    ['select 1 save tran x', 'SAVE TRANSACTION'],
    ['select 1 begin tran', 'BEGIN TRANSACTION'],
    ["exec('com'+'mit tran')", 'EXECUTE of a text'],
    ["select 1 exec('com'+'mit tran')", 'EXECUTE of a text'],
    ["select 1 EXECUTE --\n(N'commit') at other", 'EXECUTE of a text'],
    ['exec sp_executesql @x', 'EXECUTE sp_executesql'],
    ["select 1 execute [sys].[sp_executesql] N'commit'", 'EXECUTE sys.sp_executesql'],
    ["exec sp_set_session_context N'tenant', 2", 'EXECUTE sp_set_session_context'],
    ['insert into t exec dbo.Unknown', 'EXECUTE dbo.Unknown'],
    ['exec other.dbo.Known', 'EXECUTE other.dbo.Known'],
    ["select * from openrowset('x', 'y', 'commit')", 'OPENROWSET'],
    ["select * from openquery(other, 'commit')", 'OPENQUERY'],
    ["select * from opendatasource('x', 'y').db.dbo.t", 'OPENDATASOURCE'],
    ['select * from other.shop.dbo.Blogs', 'a name of four parts'],
    ['select * from [other] . shop .. Blogs', 'a name of four parts'],
    ['delete other...Blogs', 'a name of four parts'],
    ['set xact_abort on delete Blogs', 'SET XACT_ABORT'],
    ['set xact_abort off delete Blogs', 'SET XACT_ABORT OFF'],
    ['set implicit_transactions off', 'SET IMPLICIT_TRANSACTIONS'],
    ['set context_info 0x01 select 1', 'SET CONTEXT_INFO'],
    ['set nocount, ansi_nulls on select 1', 'SET NOCOUNT'],
    ["waitfor delay '01:00' select 1", 'WAITFOR'],
    ['use master select 1', 'USE'],
    ["execute as user = 'dbo' select 1", 'EXECUTE AS'],
    ['revert delete Blogs', 'REVERT'],
    ["setuser 'dbo' delete Blogs", 'SETUSER'],
    ['select 1 kill 51', 'KILL'],
    ['shutdown with nowait', 'SHUTDOWN'],
    ['dbcc checkident(Blogs, reseed, 1)', 'DBCC'],
  ])('are not tried: %s', (text, found) => {
    expect(objectionTo(text)).toBe(found);
  });

  it.each([
    "select N'commit; rollback' as [exec] from Blogs -- revert;",
    "with b as (select * from dbo.Blogs) select b.Id from b order by b.Id option (use hint ('DISABLE_OPTIMIZER_ROWGOAL'))",
    "update b set b.Name = N'x', Age += 1 from Blogs as b",
    "update Blogs set Name.write(N'x', 0, 1)",
    'merge Blogs as b using t on b.Id = t.Id when matched then update set Name = t.Name when not matched then insert (Id) values (1)',
    'insert into shop.dbo.Blogs (Id) values (1)',
    'delete from Blogs',
    'truncate table Blogs',
    'drop security policy [tenantry].[policy]',
    'alter table Notes add foreign key (Blog) references Blogs (Id) on delete set null',
  ])('are tried: %s', (text) => {
    expect(objectionTo(text)).toBeUndefined();
  });
});
