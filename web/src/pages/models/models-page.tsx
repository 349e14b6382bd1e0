export default function ModelsPage() {
  return <main className="page" id="main" />
}
