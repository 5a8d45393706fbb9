/** What a database in which there is nothing yet is provisioned and installed for. */
export const emptyDatabase = { contextProtection: 'guarded', tables: [], procedures: [] } as const;
