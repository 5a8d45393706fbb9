// Compiles T-SQL with Microsoft's own parser and schema model (DacFx, SQL Server 2019), without a server.
//
//   mono tsql-check.exe --server FILE (--model NAME [--schema FILE...] [--queries FILE...] [--scripts FILE...])...
//
// --server  what the server has of its own and the files may use: see given/server.txt.
// Each model is a database of its own, in which every name must resolve.
// --schema  files that make it, GO between the batches: definitions and rights become the model; a batch that does something (such
//           as an INSERT) becomes the body of a procedure in it, so that its names are looked up too.
// --queries statements as the program sends them: leading comment lines `-- @name type` declare the parameters, the whole is the body
//           of a procedure.
// --scripts their syntax alone.
// Prints a line for each finding, then a count. Warnings are findings, except those about the server's own objects, which no model
// has: they are only counted. Exit code 0 without findings, 1 with, 2 for wrong arguments.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.SqlServer.Dac;
using Microsoft.SqlServer.Dac.Model;
using Microsoft.SqlServer.TransactSql.ScriptDom;

sealed class Database
{
    public string Name;
    public readonly List<string> Schema = new List<string>();
    public readonly List<string> Queries = new List<string>();
    public readonly List<string> Scripts = new List<string>();
}

static class TsqlCheck
{
    static readonly HashSet<string> findings = new HashSet<string>();
    static int notes;
    static ServersOwn server;

    static int Main(string[] args)
    {
        var databases = new List<Database>();
        List<string> into = null;
        for (var i = 0; i < args.Length; i++)
        {
            var last = databases.LastOrDefault();
            if (args[i] == "--server" && i + 1 < args.Length) server = new ServersOwn(args[++i]);
            else if (args[i] == "--model" && i + 1 < args.Length) { databases.Add(new Database { Name = args[++i] }); into = null; }
            else if (args[i] == "--schema" && last != null) into = last.Schema;
            else if (args[i] == "--queries" && last != null) into = last.Queries;
            else if (args[i] == "--scripts" && last != null) into = last.Scripts;
            else if (into != null && File.Exists(args[i])) into.Add(args[i]);
            else { Console.Error.WriteLine("what is this? " + args[i]); return 2; }
        }
        foreach (var database in databases) Check(database);
        var files = databases.SelectMany(d => d.Schema.Concat(d.Queries).Concat(d.Scripts)).Distinct().Count();
        Console.WriteLine(files + " files in " + databases.Count + " models, " + findings.Count + " findings, " + notes + " references to the server's own objects not checked");
        return findings.Count == 0 && files > 0 ? 0 : 1;
    }

    static void Check(Database database)
    {
        using (var model = new TSqlModel(SqlServerVersion.Sql150, new TSqlModelOptions()))
        {
            foreach (var file in database.Schema)
            {
                var script = Parse(file);
                if (script != null) Add(model, file, WithDeedsAsProcedures(file, script));
            }
            foreach (var file in database.Queries) if (Parse(file) != null) Add(model, file, AsProcedure(file));
            foreach (var file in database.Scripts) Parse(file);
            foreach (var message in model.Validate())
            {
                if (IsAboutTheServersOwnObjects(message)) notes++;
                else Report(database.Name + ": " + message.MessageType + " " + message.Prefix + message.Number + ": " + message.Message);
            }
        }
    }

    static TSqlScript Parse(string file)
    {
        IList<ParseError> errors;
        var fragment = new TSql150Parser(initialQuotedIdentifiers: true).Parse(new StringReader(File.ReadAllText(file)), out errors);
        foreach (var e in errors) Report(file + "(" + e.Line + "," + e.Column + "): " + e.Message);
        if (errors.Count > 0) return null;
        foreach (var conflict in Collations.ConflictsIn(fragment)) Report(file + conflict);
        if (server != null) foreach (var unknown in server.UnknownIn(fragment)) Report(file + unknown);
        return fragment as TSqlScript;
    }

    static string WithDeedsAsProcedures(string file, TSqlScript script)
    {
        var result = new StringBuilder();
        foreach (var batch in script.Batches)
        {
            // Its name is the server's to look up: a model has no reference to a trigger of the database.
            if (batch.Statements.All(s => s is EnableDisableTriggerStatement)) continue;
            var text = Text(batch);
            if (batch.Statements.Any(IsDeed)) text = "CREATE PROCEDURE dbo.[" + file + ": batch " + (script.Batches.IndexOf(batch) + 1) + "] AS\n" + text;
            result.Append(text).Append("\nGO\n");
        }
        return result.ToString();
    }

    static bool IsDeed(TSqlStatement statement)
    {
        return statement is DataModificationStatement || statement is SelectStatement || statement is ExecuteStatement || statement is IfStatement
            || statement is DeclareVariableStatement || statement is SetVariableStatement || statement is PredicateSetStatement
            || statement is AlterAuthorizationStatement;
    }

    static string Text(TSqlFragment fragment)
    {
        var text = new StringBuilder();
        for (var i = fragment.FirstTokenIndex; i <= fragment.LastTokenIndex; i++) text.Append(fragment.ScriptTokenStream[i].Text);
        return text.ToString();
    }

    static string AsProcedure(string file)
    {
        var text = File.ReadAllText(file);
        var parameters = text.Split('\n').TakeWhile(line => line.StartsWith("--"))
            .Select(line => Regex.Match(line, @"^--\s*(@\w+)\s+(.+?)\s*$")).Where(m => m.Success)
            .Select(m => m.Groups[1].Value + " " + m.Groups[2].Value);
        return "CREATE PROCEDURE dbo.[" + file + "] " + string.Join(", ", parameters) + "\nAS\n" + text;
    }

    static void Add(TSqlModel model, string file, string script)
    {
        try { model.AddOrUpdateObjects(script, file, new TSqlObjectOptions()); }
        catch (DacModelException e) { foreach (var m in e.Messages) Report(file + ": " + m); }
    }

    // The server's own views and procedures are not in the model, and neither are the columns of a statement that
    // reads them or CHANGETABLE: such a reference is a warning here, and cannot be checked without a server.
    static bool IsAboutTheServersOwnObjects(DacModelMessage message)
    {
        if (message.MessageType == DacMessageType.Error) return false;
        return message.Message.Contains("reference to object [sys].") || message.Message.Contains("the reference is ambiguous");
    }

    static void Report(string finding) { if (findings.Add(finding)) Console.WriteLine(finding); }
}
