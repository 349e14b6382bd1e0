export default function TrailPage() {
  return <main className="page" id="main" />
}
