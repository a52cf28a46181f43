/** How patient consensus is, on a local network and across the world. */
import type { Millis } from '../../model/time.ts'
import type { Settings } from './types.ts'

export const lan: Settings = {
  heartbeat: 150,
  learnerHeartbeat: 1_000,
  electionMin: 1_500,
  electionMax: 3_000,
  resetStagger: 40,
  maxAppendBytes: 128 * 1024,
  maxInflightAppends: 64,
  maxInflightBytes: 4 * 1024 * 1024,
  maxUncommittedEntries: 16_384,
  maxUncommittedBytes: 32 * 1024 * 1024,
  maxVoterLag: 256,
}

export const wan: Settings = {
  ...lan,
  heartbeat: 500,
  learnerHeartbeat: 2_000,
  electionMin: 5_000,
  electionMax: 10_000,
  resetStagger: 300,
}

/** Most that time-outs are stretched by; beyond that the peer is better replaced than waited for. */
const widest = 8

/**
 * The same settings for a peer whose own timers run late by `lateness`: its heartbeats come that much later, so elections must wait for
 * several of them. Changes nothing while lateness is small.
 */
export function widened(settings: Settings, lateness: Millis): Settings {
  const needed = 4 * (settings.heartbeat + lateness)
  const factor = Math.min(widest, Math.max(1, needed / settings.electionMin))
  if (factor === 1) return settings
  return { ...settings, electionMin: settings.electionMin * factor, electionMax: settings.electionMax * factor }
}
