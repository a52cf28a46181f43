/** What the commands on volumes have in common. */
import type { Host } from '../host.ts'
import type { OptionSpec } from '../line/command.ts'

export const namespaceOption = {
  namespace: {
    kind: 'text',
    short: 'n',
    value: 'NAME',
    about: 'Whose it is; $CLAWBERNETES_NAMESPACE or default if left out',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

export function inNamespace(
  { namespace }: { readonly namespace: string | undefined },
  { env }: Pick<Host, 'env'>,
): { readonly namespace?: string } {
  const named = namespace ?? env['CLAWBERNETES_NAMESPACE']
  return named === undefined ? {} : { namespace: named }
}

const mib = 1_048_576

export const bytesInWords = (bytes: number): string =>
  bytes < mib ? `${bytes} bytes` : `${(bytes / mib).toFixed(1)} MiB`
