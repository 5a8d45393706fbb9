import { execFile } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serverAccount } from './servers/account.ts';
import { programOnPath } from './servers/program-on-path.ts';
import { serverDirectory } from './servers/server-directory.ts';

const run = promisify(execFile);

/** Why no certificates can be made here; undefined where they can. */
export function opensslMissing(): string | undefined {
  return programOnPath('openssl') === undefined ? 'there is no openssl on the PATH' : undefined;
}

/** Whether a certificate is valid today, or was until yesterday. */
export type Validity = 'now' | 'over';

/** A certificate authority of a test's own, and what it signs. */
export interface CertificateAuthority {
  /** Its own certificate, PEM. */
  readonly certificate: string;
  /** A server's certificate and key as files that PostgreSQL takes; `names` as openssl writes them: `DNS:localhost`, `IP:127.0.0.1`. */
  sign(names: string, validity?: Validity): Promise<{ readonly certificateFile: string; readonly keyFile: string }>;
}

/** Makes an authority in a folder of its own, which goes away with this process. */
export async function createAuthority(name: string): Promise<CertificateAuthority> {
  const account = serverAccount();
  const directory = serverDirectory('tenantry-certificates-', 'SIGTERM', account);
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: directory });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', `/CN=${name}`);
  let signed = 0;
  return {
    certificate: readFileSync(join(directory, 'ca.pem'), 'utf8'),
    sign: async (names, validity = 'now') => {
      signed += 1;
      const [certificateFile, keyFile] = [join(directory, `${signed}.pem`), join(directory, `${signed}.key`)];
      const extensions = join(directory, `${signed}.ext`);
      writeFileSync(extensions, `subjectAltName=${names}\n`);
      await openssl('req', ...newKey, '-keyout', keyFile, '-out', `${signed}.csr`, '-subj', '/CN=server');
      const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', validity === 'now' ? '2' : '-1'];
      await openssl('x509', '-req', '-in', `${signed}.csr`, ...authority, '-extfile', extensions, '-out', certificateFile);
      chmodSync(keyFile, 0o600);
      if (account !== undefined) for (const file of [certificateFile, keyFile]) chownSync(file, account.uid, account.gid);
      return { certificateFile, keyFile };
    },
  };
}
