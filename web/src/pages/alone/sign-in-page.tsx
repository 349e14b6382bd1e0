export default function SignInPage() {
  return <main className="page" id="main" />
}
