/** Which certificates of database servers are believed, where an address says `verify-full` or `strict`. */
export interface ServerTrust {
  /** Certificates of authorities, PEM, and no others; without it, those that Node trusts. */
  readonly ca?: string;
  /** By the host of an address: the name that its certificate has instead. */
  readonly serverNames: Readonly<Record<string, string>>;
}

/** The name that a host's certificate has to have. */
export function certifiedName(host: string, trust: ServerTrust | undefined): string {
  return trust?.serverNames[host] ?? host;
}
