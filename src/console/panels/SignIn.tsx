import { Button, Paper, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import * as api from '../api.ts';
import { useDesk } from '../desk.ts';

/** Asks for a token where the service lets nobody read without one. */
export function SignIn() {
  const { words } = useDesk();
  const [token, setToken] = useState('');
  const [refusal, setRefusal] = useState<string | null>(null);

  async function enter(): Promise<void> {
    try {
      await api.signIn(token);
    } catch (error) {
      const refused = error instanceof api.ApiFailure && error.status === 401;
      setRefusal(refused || !(error instanceof Error) ? words.signIn.refused : error.message);
    }
  }

  return (
    <Paper
      component="form"
      className="sign-in panel"
      withBorder
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
    >
      <h2>{words.signIn.title}</h2>
      <PasswordInput
        label={words.signIn.token}
        description={words.signIn.hint}
        error={refusal}
        value={token}
        onChange={(event) => setToken(event.currentTarget.value)}
        autoComplete="current-password"
      />
      <Button type="submit" disabled={token === ''}>
        {words.signIn.go}
      </Button>
    </Paper>
  );
}
