/** Wire shapes of organisations and projects. */
import { type Static, Type } from 'typebox'
import { pageShape, Time } from '../platform/wire-shapes.ts'
import type { Organization, Project } from './organizations.ts'

export const OrganizationShape = Type.Object({ id: Type.String(), name: Type.String(), created_at: Time })
export const OrganizationPage = pageShape(OrganizationShape)

export const ProjectShape = Type.Object({
  id: Type.String(),
  organization_id: Type.String(),
  name: Type.String(),
  content_on_disk: Type.Boolean({ description: 'Whether prompts of this project may reach a disk.' }),
  created_at: Time,
})
export const ProjectPage = pageShape(ProjectShape)
export const ProjectChange = Type.Object({ content_on_disk: Type.Boolean() }, { additionalProperties: false })

export function organizationOnWire({ createdAt, ...rest }: Organization): Static<typeof OrganizationShape> {
  return { ...rest, created_at: createdAt.toISOString() }
}

export function projectOnWire({
  id,
  organizationId,
  name,
  contentOnDisk,
  createdAt,
}: Project): Static<typeof ProjectShape> {
  return {
    id,
    organization_id: organizationId,
    name,
    content_on_disk: contentOnDisk,
    created_at: createdAt.toISOString(),
  }
}
