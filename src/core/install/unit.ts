/** The systemd unit of a daemon on this very host, made of the one that the package brings along. */
import { pathWord, systemdWord } from './systemd-words.ts'

export interface UnitWish {
  /** Words that start the daemon. */
  readonly start: readonly string[]
  /** For a user's own systemd, which may not sandbox as root's does. */
  readonly isUser: boolean
  /** Users whose group may talk to the engine; null where there is no such group. */
  readonly engineGroup: string | null
  /** What is started lies in somebody's home. */
  readonly isAtHome: boolean
  /** Absolute path that the daemon writes to; null where it is the one that systemd makes for it. */
  readonly dataDir: string | null
}

/** What a user's systemd cannot do, or what makes no sense there. */
const forRootOnly =
  /^(User|SupplementaryGroups|StateDirectory|StateDirectoryMode|RuntimeDirectory|RuntimeDirectoryMode|Protect\w+|Private\w+|Restrict\w+|LockPersonality|RemoveIPC|CapabilityBoundingSet|AmbientCapabilities|SystemCall\w+|Wants|After)=/

export function unitFor(template: string, { start, isUser, engineGroup, isAtHome, dataDir }: UnitWish): string {
  const lines = template.split('\n').flatMap((line) => {
    if (line.startsWith('ExecStart=')) return [`ExecStart=${start.map(systemdWord).join(' ')}`]
    if (isUser && (forRootOnly.test(line) || /^# Being in the docker group/.test(line))) return []
    if (isUser && line.startsWith('WantedBy=')) return ['WantedBy=default.target']
    if (line.startsWith('SupplementaryGroups='))
      return engineGroup === null ? [] : [`SupplementaryGroups=${engineGroup}`]
    if (engineGroup === null && /^# Being in the docker group/.test(line)) return []
    if (isAtHome && line.startsWith('ProtectHome=')) return ['ProtectHome=read-only']
    if (dataDir !== null && line.startsWith('ProtectSystem=')) return [line, `ReadWritePaths=${pathWord(dataDir)}`]
    return [line]
  })
  return lines.join('\n').replace(/^# systemd unit for clawnode\..*$/m, '# Written by `clawnode install --systemd`.')
}
