// What the server has of its own, by name: no schema model knows it, so a list written from the documentation stands in.
//
//   sys.tables: object_id name schema_id     a view or table function, and those of its columns that may be used
//   sys.sp_getapplock(Resource LockMode)     a procedure, and those of its parameters
//   function CONCAT                          a function, or a global variable such as @@SPID
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.SqlServer.TransactSql.ScriptDom;

sealed class ServersOwn
{
    readonly Dictionary<string, HashSet<string>> views = new Dictionary<string, HashSet<string>>();
    readonly Dictionary<string, HashSet<string>> procedures = new Dictionary<string, HashSet<string>>();
    readonly HashSet<string> functions = new HashSet<string>();

    public ServersOwn(string file)
    {
        foreach (var line in File.ReadLines(file).Where(l => l.Trim() != "" && !l.StartsWith("#")))
        {
            var words = line.Split(new[] { ' ', ':', '(', ')' }, StringSplitOptions.RemoveEmptyEntries);
            if (words[0] == "function") functions.UnionWith(words.Skip(1));
            else (line.Contains("(") ? procedures : views)[words[0]] = new HashSet<string>(words.Skip(1));
        }
    }

    // Sentences that follow a file's name, for what the list does not have.
    public IEnumerable<string> UnknownIn(TSqlFragment fragment)
    {
        var uses = new Uses();
        fragment.Accept(uses);
        foreach (var call in uses.Calls.Where(c => !functions.Contains(c.Value)))
            yield return Place(call.Key) + "the server's function " + call.Value + " is not in the list";
        foreach (var table in uses.Tables.Where(t => IsSys(t.SchemaObject) && !views.ContainsKey(Name(t.SchemaObject))))
            yield return Place(table) + "the server's view " + Name(table.SchemaObject) + " is not in the list";
        foreach (var procedure in uses.Procedures.Where(p => IsSys(p.ProcedureReference.ProcedureReference.Name)))
        {
            var name = Name(procedure.ProcedureReference.ProcedureReference.Name);
            if (!procedures.ContainsKey(name)) yield return Place(procedure) + "the server's procedure " + name + " is not in the list";
            // What sp_executesql passes on is named by its own text.
            else if (name != "sys.sp_executesql") foreach (var p in procedure.Parameters.Where(p => p.Variable == null || !procedures[name].Contains(p.Variable.Name.TrimStart('@'))))
                yield return Place(p) + name + " has no such parameter in the list";
        }
        foreach (var column in uses.Columns)
        {
            // An alias stands for the same tables in a whole file, as far as it matters: one of them must have the column.
            var tables = uses.Tables.Where(t => t.Alias != null && t.Alias.Value == column.MultiPartIdentifier[0].Value).ToList();
            if (tables.Count == 0 || uses.Aliases.Contains(column.MultiPartIdentifier[0].Value) || !tables.All(t => IsSys(t.SchemaObject))) continue;
            var name = column.MultiPartIdentifier[1].Value;
            if (!tables.Any(t => views.ContainsKey(Name(t.SchemaObject)) && views[Name(t.SchemaObject)].Contains(name)))
                yield return Place(column) + "no column " + name + " of " + string.Join(" or ", tables.Select(t => Name(t.SchemaObject)).Distinct()) + " is in the list";
        }
    }

    static bool IsSys(SchemaObjectName name) { return name.SchemaIdentifier != null && name.SchemaIdentifier.Value == "sys"; }

    static string Name(SchemaObjectName name) { return "sys." + name.BaseIdentifier.Value; }

    static string Place(TSqlFragment at) { return "(" + at.StartLine + "," + at.StartColumn + "): "; }

    sealed class Uses : TSqlFragmentVisitor
    {
        public readonly List<NamedTableReference> Tables = new List<NamedTableReference>();
        public readonly List<ExecutableProcedureReference> Procedures = new List<ExecutableProcedureReference>();
        public readonly List<ColumnReferenceExpression> Columns = new List<ColumnReferenceExpression>();
        public readonly List<KeyValuePair<TSqlFragment, string>> Calls = new List<KeyValuePair<TSqlFragment, string>>();
        // Of derived tables, whose columns are their own.
        public readonly HashSet<string> Aliases = new HashSet<string>();

        public override void Visit(NamedTableReference node) { Tables.Add(node); }
        public override void Visit(TableReferenceWithAliasAndColumns node) { if (node.Alias != null) Aliases.Add(node.Alias.Value); }
        public override void Visit(ExecutableProcedureReference node) { if (node.ProcedureReference.ProcedureReference != null) Procedures.Add(node); }
        public override void Visit(ColumnReferenceExpression node) { if (node.MultiPartIdentifier != null && node.MultiPartIdentifier.Count == 2) Columns.Add(node); }
        public override void Visit(FunctionCall node) { if (node.CallTarget == null) Call(node, node.FunctionName.Value); }
        public override void Visit(GlobalVariableExpression node) { Call(node, node.Name); }
        void Call(TSqlFragment at, string name) { Calls.Add(new KeyValuePair<TSqlFragment, string>(at, name.ToUpperInvariant())); }
    }
}
