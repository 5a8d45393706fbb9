import { definePolicyTests } from '../../../src/index.ts';

const john = 'aaaaaaaa-0000-4000-8000-000000000001';
const jane = 'aaaaaaaa-0000-4000-8000-000000000002';
const jin = 'aaaaaaaa-0000-4000-8000-000000000003';

// Who sees whom: nobody but members of an organisation, and nobody's members of another tenant's.
export default definePolicyTests({
  tenants: {
    provider: {
      Employees: [
        { Id: 1, FirstName: 'John', OrganizationId: 1 },
        { Id: 2, FirstName: 'Jane', OrganizationId: 2 },
      ],
      Members: [
        { AzureAdObjectId: john, OrganizationId: 1 },
        { AzureAdObjectId: jane, OrganizationId: 2 },
        { AzureAdObjectId: jin, OrganizationId: 1 },
        { AzureAdObjectId: jin, OrganizationId: 2 },
      ],
    },
    other: { Employees: [{ Id: 1, FirstName: 'Joan', OrganizationId: 1 }] },
  },
  actors: {
    John: { tenant: 'provider', context: { azureAdObjectId: john } },
    Jin: { tenant: 'provider', context: { azureAdObjectId: jin } },
    nobody: { tenant: 'provider' },
    administrator: { tenant: 'provider', context: { roles: ['admin'] } },
    'John elsewhere': { tenant: 'other', context: { azureAdObjectId: john } },
    reports: { principal: 'superuser' },
  },
  cases: [
    { name: 'a member sees his organisation', as: 'John', select: 'Employees', expect: { rows: [{ FirstName: 'John' }] } },
    { name: 'a member of two sees both', as: 'Jin', select: 'Employees', expect: { rows: [{ FirstName: 'John' }, { FirstName: 'Jane' }] } },
    { name: 'whoever does not say who he is sees nobody', as: 'nobody', select: 'Employees', expect: { rows: [] } },
    { name: 'a member is none of another tenant', as: 'John elsewhere', select: 'Employees', expect: { rows: [] } },
    { name: 'reports see everybody', as: 'reports', select: 'Employees', expect: { count: 3 } },
    { name: 'a member hires', as: 'John', insert: 'Employees', values: { OrganizationId: 1 }, expect: 'allowed' },
    { name: 'but not for others', as: 'John', insert: 'Employees', values: { OrganizationId: 2 }, expect: 'denied' },
    {
      name: 'nor does he send anybody there',
      as: 'John',
      update: 'Employees',
      set: { OrganizationId: 2 },
      where: { Id: 1 },
      expect: 'denied',
    },
    { name: 'nor dismiss whom he does not see', as: 'John', delete: 'Employees', where: { Id: 2 }, expect: 'denied' },
    {
      name: 'nor make himself a member',
      as: 'John',
      insert: 'Members',
      values: { AzureAdObjectId: john, OrganizationId: 2 },
      expect: 'denied',
    },
    {
      name: 'an administrator does',
      as: 'administrator',
      insert: 'Members',
      values: { AzureAdObjectId: john, OrganizationId: 2 },
      expect: 'allowed',
    },
  ],
});
