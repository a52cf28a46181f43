/** YAML's writer, in a file of its own: it is loaded only where it is used. */
export { yamlOf as stringify } from '../../../specs/yaml.ts'
