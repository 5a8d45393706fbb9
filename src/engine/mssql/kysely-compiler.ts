import { MssqlQueryCompiler } from 'kysely';

/** kysely's compiler for SQL Server, with names and parameters written as Tenantry's own statements have them. */
export class BracketQueryCompiler extends MssqlQueryCompiler {
  protected override getCurrentParameterPlaceholder(): string {
    return `@p${this.numParameters}`;
  }

  protected override getLeftIdentifierWrapper(): string {
    return '[';
  }

  protected override getRightIdentifierWrapper(): string {
    return ']';
  }

  protected override sanitizeIdentifier(identifier: string): string {
    return identifier.replaceAll(']', ']]');
  }
}
