import type { LiveObjects } from './live-objects.ts';
import { shardLogins } from '../../support/postgres-shard.ts';
import { eventTriggerForms, functionForms, guardedFunctionForms, guardedRelationForms, languageForms } from './forms/code.ts';
import { foreignServerForms, foreignTableForms, userMappingForms } from './forms/elsewhere.ts';
import { aggregateForms, operatorClassForms, operatorForms, typeForms } from './forms/meanings.ts';
import { policyForms } from './forms/policies.ts';
import { castForms, domainForms, foreignKeyForms, ruleForms, uniqueKeyForms } from './forms/rules.ts';
import { databaseForms, keptRows, news, predefinedRoleForms, roleForms, schemaForms } from './forms/server.ts';
import { sequenceForms, tableForms, tableRightForms, tenantColumnForms, triggerForms, viewForms } from './forms/tables.ts';
import { each, type Mutation } from './mutation.ts';

/** Every form of ALTER, DROP, GRANT and CREATE that touches an object of the shard. */
export function mutationsOf(live: LiveObjects): readonly Mutation[] {
  return [
    ...each('policy', live.policies, policyForms),
    ...each('table', live.tables, tableForms),
    ...each('rights of table', live.tables, tableRightForms),
    ...each(
      'tenant column',
      live.tables.filter(({ tenant }) => tenant),
      tenantColumnForms,
    ),
    ...each('trigger', live.triggers, triggerForms),
    ...each('rule', live.rules, ruleForms),
    ...each('unique key', live.uniqueKeys, uniqueKeyForms),
    ...each('foreign key', live.foreignKeys, foreignKeyForms),
    ...each('view', live.views, viewForms),
    ...each('sequence', live.sequences, sequenceForms),
    ...each('function', live.functions, functionForms),
    ...each('cast', live.casts, castForms),
    ...each('domain', live.domains, domainForms),
    ...each('type', live.types, typeForms),
    ...each('operator', live.operators, operatorForms),
    ...each('operator class', live.operatorClasses, operatorClassForms),
    ...each('aggregate', live.aggregates, aggregateForms),
    ...each('foreign server', live.foreignServers, foreignServerForms),
    ...each('user mapping', live.userMappings, userMappingForms(shardLogins.superuser)),
    ...each('foreign table', live.foreignTables, foreignTableForms),
    ...each('event trigger', live.eventTriggers, eventTriggerForms),
    ...each('language', live.languages, languageForms),
    ...each('relation of the server', live.guardedRelations, guardedRelationForms),
    ...each('function of the server', live.guardedFunctions, guardedFunctionForms),
    ...each('role', live.roles, roleForms),
    ...each('role of the server', live.predefinedRoles, predefinedRoleForms),
    ...each('schema', live.schemas, schemaForms),
    ...each('database', [{ object: 'mutations' }], databaseForms),
    ...news,
    ...keptRows,
  ];
}

/** What a form is tried on where it is tried once: what protects most. */
const first =
  /^("Blogs" tenantry_tenant|public\."Blogs"|public\."OwnBlogs"|public\."Visits"|tenantry\.current_tenant\(\)|tenantry_changed|plpgsql|shop_app|tenantry|pg_authid|pg_read_file\(text\)|pg_read_all_data|tenantry_watch\.change_log judged|<<>>\(integer,integer\)|own_texts\(integer,text\)|public\.standing)$/;

/** One of each form. */
export function sampleOf(mutations: readonly Mutation[]): readonly Mutation[] {
  return [...Map.groupBy(mutations, ({ kind, form }) => `${kind}: ${form}`).values()].flatMap(
    (same) => same.find(({ object }) => first.test(object)) ?? same.slice(0, 1),
  );
}
