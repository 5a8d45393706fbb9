import { readFileSync } from 'node:fs';
import type { CertificateAuthority, Validity } from './certificates.ts';
import { startTdsServer, type TdsServer, type TdsServerOptions, type TdsTls } from './tds/server.ts';
import type { TdsScript } from './tds/script.ts';

/** What a server shows of itself. */
export interface Certified {
  readonly by: CertificateAuthority;
  /** `DNS:localhost` by default. */
  readonly names?: string;
  readonly validity?: Validity;
  /** Where TLS begins: within PRELOGIN by default. */
  readonly begins?: TdsTls['begins'];
}

/** A scripted server with a certificate, which answers every request with one row `n = 1`. */
export async function startCertifiedTds(
  { by, names = 'DNS:localhost', validity = 'now', begins = 'in prelogin' }: Certified,
  script: Partial<TdsScript> = {},
  options: Pick<TdsServerOptions, 'fedAuth'> = {},
): Promise<TdsServer> {
  const { certificateFile, keyFile } = await by.sign(names, validity);
  const tls = { begins, certificate: readFileSync(certificateFile), key: readFileSync(keyFile) };
  return await startTdsServer({ request: (_request, answer) => answer.rows({ n: 'int' }, [[1]]), ...script }, { ...options, tls });
}
