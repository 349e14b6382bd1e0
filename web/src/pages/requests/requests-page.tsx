export default function RequestsPage() {
  return <main className="page" id="main" />
}
