// Texts that a server would compare by two collations (468). A model knows nothing of it: it has one for everything, where a server has others for
// its own words and for the database, in which what JSON gives is. Tenantry's columns have one of their own.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using Microsoft.SqlServer.TransactSql.ScriptDom;

sealed class Collations : TSqlFragmentVisitor
{
    enum Whose { Servers, Json, Own }

    // What an expression's text is made of without another collation.
    static readonly HashSet<string> keeping = new HashSet<string> { "CONCAT", "LOWER", "LTRIM", "QUOTENAME", "REPLACE", "RTRIM", "SUBSTRING", "TRIM", "UPPER" };
    static readonly Regex serversText = new Regex("^(name|type|state)$|_name$|_desc$|_description$|definition$");

    readonly Stack<List<TableReference>> scopes = new Stack<List<TableReference>>();
    readonly List<string> findings = new List<string>();

    // Sentences that follow a file's name.
    public static IEnumerable<string> ConflictsIn(TSqlFragment fragment)
    {
        var collations = new Collations();
        fragment.Accept(collations);
        return collations.findings;
    }

    public override void ExplicitVisit(QuerySpecification node) { Within(node.FromClause, null, () => base.ExplicitVisit(node)); }
    public override void ExplicitVisit(UpdateSpecification node) { Within(node.FromClause, node.Target, () => base.ExplicitVisit(node)); }
    public override void ExplicitVisit(DeleteSpecification node) { Within(node.FromClause, node.Target, () => base.ExplicitVisit(node)); }

    public override void Visit(BooleanComparisonExpression node) { Compare(node, node.FirstExpression, node.SecondExpression); }
    public override void Visit(LikePredicate node) { Compare(node, node.FirstExpression, node.SecondExpression); }
    public override void Visit(InPredicate node) { foreach (var value in node.Values) Compare(node, node.Expression, value); }
    public override void Visit(FunctionCall node)
    {
        if (node.FunctionName.Value.ToUpperInvariant() == "CHARINDEX") Compare(node, node.Parameters[0], node.Parameters[1]);
    }

    void Within(FromClause from, TableReference target, Action visit)
    {
        var tables = from == null ? new List<TableReference>() : from.TableReferences.SelectMany(Leaves).ToList();
        if (target != null) tables.Add(target);
        scopes.Push(tables);
        visit();
        scopes.Pop();
    }

    static IEnumerable<TableReference> Leaves(TableReference table)
    {
        var join = table as JoinTableReference;
        if (join != null) return Leaves(join.FirstTableReference).Concat(Leaves(join.SecondTableReference));
        var inner = table as JoinParenthesisTableReference;
        return inner != null ? Leaves(inner.Join) : new[] { table };
    }

    void Compare(TSqlFragment at, ScalarExpression one, ScalarExpression other)
    {
        var first = new Texts(one);
        var second = new Texts(other);
        if (first.IsCollated || second.IsCollated) return;
        foreach (var left in first.Columns) foreach (var right in second.Columns)
        {
            var owners = new[] { WhoseText(left), WhoseText(right) };
            // What numbers are is known of the server's columns and of JSON's alone.
            if (owners.Contains(null) || owners[0] == owners[1]) continue;
            findings.Add("(" + at.StartLine + "," + at.StartColumn + "): " + Name(left) + " and " + Name(right)
                + " may be of two collations: one of them needs COLLATE Latin1_General_100_BIN2");
        }
    }

    // Null: it is no text, or nothing says whose it is.
    Whose? WhoseText(ColumnReferenceExpression column)
    {
        var table = TableOf(column);
        var name = column.MultiPartIdentifier.Identifiers.Last().Value;
        var named = table as NamedTableReference;
        if (named != null && IsServers(named.SchemaObject)) return serversText.IsMatch(name) ? Whose.Servers : (Whose?)null;
        var function = table as SchemaObjectFunctionTableReference;
        if (function != null && IsServers(function.SchemaObject)) return serversText.IsMatch(name) ? Whose.Servers : (Whose?)null;
        var json = table as OpenJsonTableReference;
        if (json != null) return IsTextOf(json, name) ? Whose.Json : (Whose?)null;
        return named != null || function != null || table is VariableTableReference || table is QueryDerivedTable ? Whose.Own : (Whose?)null;
    }

    TableReference TableOf(ColumnReferenceExpression column)
    {
        var alias = column.MultiPartIdentifier.Count == 2 ? column.MultiPartIdentifier[0].Value : null;
        return alias == null ? null : scopes.SelectMany(tables => tables).FirstOrDefault(table => AliasOf(table) == alias);
    }

    static string AliasOf(TableReference table)
    {
        var aliased = table as TableReferenceWithAlias;
        return aliased == null || aliased.Alias == null ? null : aliased.Alias.Value;
    }

    static bool IsServers(SchemaObjectName name) { return name.SchemaIdentifier != null && name.SchemaIdentifier.Value == "sys"; }

    static bool IsTextOf(OpenJsonTableReference json, string name)
    {
        if (json.SchemaDeclarationItems.Count == 0) return name == "value";
        return json.SchemaDeclarationItems.Any(item => item.ColumnDefinition.ColumnIdentifier.Value == name && IsText(item.ColumnDefinition.DataType));
    }

    static bool IsText(DataTypeReference type)
    {
        var known = type as SqlDataTypeReference;
        return known != null && known.SqlDataTypeOption.ToString().EndsWith("Char");
    }

    static string Name(ColumnReferenceExpression column) { return string.Join(".", column.MultiPartIdentifier.Identifiers.Select(part => part.Value)); }

    // The columns that a text is made of, and whether it says its collation.
    sealed class Texts : TSqlFragmentVisitor
    {
        public readonly List<ColumnReferenceExpression> Columns = new List<ColumnReferenceExpression>();
        public bool IsCollated;

        public Texts(ScalarExpression expression) { expression.Accept(this); }

        public override void Visit(PrimaryExpression node) { if (node.Collation != null) IsCollated = true; }
        public override void Visit(ColumnReferenceExpression node) { if (node.MultiPartIdentifier != null) Columns.Add(node); }
        public override void ExplicitVisit(ScalarSubquery node) { if (node.Collation != null) IsCollated = true; }
        public override void ExplicitVisit(FunctionCall node)
        {
            if (node.Collation != null) IsCollated = true;
            if (keeping.Contains(node.FunctionName.Value.ToUpperInvariant())) base.ExplicitVisit(node);
        }
        public override void ExplicitVisit(CastCall node) { if (node.Collation != null) IsCollated = true; if (IsText(node.DataType)) base.ExplicitVisit(node); }
        public override void ExplicitVisit(ConvertCall node) { if (node.Collation != null) IsCollated = true; if (IsText(node.DataType)) base.ExplicitVisit(node); }
    }
}
